"""Where fits are kept."""

import os
import subprocess
import sys
import time
from contextlib import suppress
from types import SimpleNamespace

import pytest
from project import ROOT

from components.base.files import write_json
from components.run import cache, states
from components.run.states import kept

HOLD = """
import sys
from components.run.states import kept
with kept(sys.argv[1]) as state:
    state.write({}, {"epoch": 1})
    print(state.path, flush=True)
    sys.stdin.read()
    raise SystemExit(1)
"""


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    folder = tmp_path / "states"
    monkeypatch.setenv("MILLRACE_STATE", str(folder))
    return folder


def fail(name):
    """As a fit that is broken off in its second epoch."""
    with suppress(KeyError), kept(name) as state:
        state.write({}, {"epoch": 1})
        raise KeyError


def test_a_fit_that_has_ended_leaves_nothing(root):
    with kept("a") as state:
        state.write({}, {"epoch": 1})
        assert [path.name for path in root.glob("*/*.npz")] == ["state.npz"]

    assert not list(root.iterdir())


def test_what_failed_is_found_by_its_key_alone(root):
    fail("a")

    with kept("b") as other:
        assert other.read() is None
    with kept("a") as again:
        assert again.read().facts == {"epoch": 1}
    assert not list(root.iterdir())


def test_what_failed_before_it_kept_anything_leaves_nothing(root):
    with pytest.raises(KeyError), kept("a"):
        raise KeyError

    assert not list(root.iterdir())


def test_of_two_processes_at_the_same_fit_one_keeps_it_until_it_dies(root):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, "a"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        process.stdout.readline()
        with kept("a") as mine, kept("b") as another:
            assert (mine.path, mine.read()) == (None, None)
            assert another.path is not None
        process.kill()

    with kept("a") as mine:
        assert mine.read().facts == {"epoch": 1}


def test_what_nobody_has_gone_on_with_is_removed_after_two_weeks(root, monkeypatch):
    for name in ("old", "new"):
        fail(name)
    fortnight = time.time() - 15 * 24 * 3600
    os.utime(root / "old", (fortnight, fortnight))

    with kept("a"):
        pass

    assert [path.name for path in root.iterdir()] == ["new"]


def test_it_is_in_dvcs_cache_unless_there_is_none(tmp_path, monkeypatch):
    monkeypatch.delenv("MILLRACE_STATE")
    monkeypatch.setattr(cache, "folder", lambda: tmp_path / "millrace")
    with kept("a") as state:
        assert state.path == tmp_path / "millrace" / "states" / "a" / "state.npz"

    def none():
        raise LookupError

    monkeypatch.setattr(cache, "folder", none)
    with kept("a") as state:
        assert state.path is None


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"backend": "jax"},
        {"values": {"train.epochs": 2}},
        {"code": {"components.x": "other"}},
        {"examples": "other"},
        {"layer": "other"},
        {"more": {"train.epochs": 2}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_key_is_of_all_that_decides_a_fit(tmp_path, change):
    same = {"values": {"train.epochs": 1, "tune.trials": 9}}

    assert key(tmp_path / "one") == key(tmp_path / "again") == key(tmp_path / "longer", **same)
    assert key(tmp_path / "other", **change) != key(tmp_path / "one")


def key(folder, **changes):
    """Of a stage of which something may be otherwise."""
    told = {"values": {"train.epochs": 1, "tune.trials": 2}, "code": {"components.x": "a"}}
    run = SimpleNamespace(
        code=folder / "code.json",
        dataset=folder / "ready",
        augmented=folder / "augmented",
        seed=changes.get("seed", 0),
        params=SimpleNamespace(backend=changes.get("backend", "tensorflow")),
    )
    write_json({name: changes.get(name, value) for name, value in told.items()}, run.code)
    for data in (run.dataset, run.augmented):
        write_json({"fingerprint": changes.get("examples", "a")}, data / "dataset.json")
        (data / "layer.keras").write_text(changes.get("layer", "a"))
    return states.key_of(run, changes.get("more"), without="tune.trials")
