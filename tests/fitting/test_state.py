"""Where a fit is kept."""

import ml_dtypes
import numpy as np
import pytest

from components.fitting import state as state_module
from components.fitting.state import State, numbered

FACTS = {"epoch": 3, "history": {"loss": [0.1, float("nan"), 1 / 3]}, "best": None}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "kept" / "state.npz"


def test_what_is_kept_is_read_by_another_process_to_the_byte(path):
    arrays = {
        **dict(numbered("weights", [np.float32([[1 / 3, -0.0]]), np.int64(7)])),
        "half": np.array([0.5, 3.0], ml_dtypes.bfloat16),
        "eighth": np.array([0.5], ml_dtypes.float8_e4m3fn),
    }

    State(path).write(arrays, FACTS)
    found = State(path).read()

    assert {name: one.tobytes() for name, one in found.arrays.items()} == {
        name: one.tobytes() for name, one in arrays.items()
    }
    assert [one.dtype for one in found.arrays.values()] == [one.dtype for one in arrays.values()]
    assert repr(found.facts) == repr(FACTS)
    assert [one.shape for one in found.numbered("weights")] == [(1, 2), ()]


def test_where_nothing_is_kept_nothing_is_read_or_written(path, tmp_path):
    state = State()

    state.write({}, {})
    state.remove()

    assert (state.read(), State(path).read(), state.is_due) == (None, None, False)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("cut", [0, 1, 100, -1])
def test_a_damaged_file_is_none(path, cut):
    State(path).write({"weights": np.arange(100.0)}, FACTS)
    whole = path.read_bytes()

    path.write_bytes(whole[:cut])
    assert State(path).read() is None

    place = whole.index(np.arange(100.0).tobytes()) + 8
    path.write_bytes(whole[:place] + b"\xff" + whole[place + 1 :])
    assert State(path).read() is None


def test_what_a_killed_write_leaves_is_what_was_kept_before(path, monkeypatch):
    state = State(path)
    state.write({"weights": np.zeros(3)}, {"epoch": 1})

    def killed(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", killed)
    with pytest.raises(KeyboardInterrupt):
        state.write({"weights": np.ones(3)}, {"epoch": 2})

    found = State(path).read()
    assert (found.facts, found.arrays["weights"].tolist()) == ({"epoch": 1}, [0, 0, 0])


def test_it_is_due_now_and_then_and_less_often_where_writing_takes_long(path, monkeypatch):
    now = 100.0
    monkeypatch.setattr(state_module.time, "monotonic", lambda: now)
    monkeypatch.setattr(np, "savez", lambda *_, **__: None)
    state, times = State(path), []
    for now in np.arange(100.0, 200.0, 10):
        if state.is_due:
            times.append(now)
            state.write({}, {})
    assert times == [130, 160, 190]

    def slow(*_, **__):
        nonlocal now
        now += 2.0

    monkeypatch.setattr(np, "savez", slow)
    now = 220.0
    state.write({}, {})
    now += 199
    assert not state.is_due
    now += 1
    assert state.is_due


def test_what_is_removed_is_gone_with_what_a_killed_process_has_left(path):
    state = State(path)
    state.write({}, {})
    (path.parent / f".{path.name}.dead.partial").mkdir()

    state.remove()
    state.remove()

    assert not list(path.parent.iterdir())
