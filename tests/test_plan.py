"""Which stages a plan says will run, on three small ones in a real repository."""

import os
import shutil
from pathlib import Path

import pytest
from dvc.repo import Repo
from project import Project, init, ran

from components.base.errors import Invalid, Stop
from components.base.files import as_json
from components.cli import plan

GRAPH = """\
stages:
  first:
    foreach: [x]
    do: {cmd: cp source first.out, deps: [source], outs: [first.out]}
  second:
    foreach: [x]
    do:
      cmd: cat first.out params.yaml > second.out
      deps: [first.out]
      params: [factor]
      outs: [second.out]
  third:
    foreach: [x]
    do: {cmd: cp second.out third.out, deps: [second.out], outs: [third.out]}
"""


class Line:
    """A project of three stages, one after the other.

    Args:
        project: Gets them in place of its own.
    """

    def __init__(self, project):
        self.root = project.root

    def set(self, source, factor):
        (self.root / "source").write_text(source)
        (self.root / "params.yaml").write_text(f"factor: {factor}\n")

    def run(self):
        with Repo(str(self.root)) as repo:
            repo.reproduce()

    def actions(self):
        return [(one.action, one.reasons) for one in plan.plan(self.root, ["x"])]


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Three stages that have run with factor 1 and then 2."""
    project = Project.of(tmp_path)
    (tmp_path / "dvc.yaml").write_text(GRAPH)
    init(tmp_path)
    project.commit("start")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plan, "fingerprints", lambda _: {})
    line = Line(project)
    for factor in (1, 2):
        line.set("one", factor)
        line.run()
    return line


def test_what_has_run_is_up_to_date(small):
    assert small.actions() == [("is up to date", [])] * 3


def test_all_that_follows_a_changed_stage_may_run(small):
    small.set("two", 2)

    (first, why), *others = small.actions()

    assert first == "runs"
    assert len(why) == 1
    assert why[0].startswith("source changed: ")
    assert others == [
        ("may run", ["first@x runs before it"]),
        ("may run", ["second@x runs before it"]),
    ]


def test_what_ran_before_with_the_same_inputs_is_restored_and_so_is_what_follows(small):
    small.set("one", 1)

    (first, _), (second, why), (third, since) = small.actions()

    assert (first, second, third) == ("is up to date", "is restored", "is restored")
    assert why == ["factor: 2 -> 1"]
    assert len(since) == 1
    assert since[0].startswith("second.out is restored: ")


BOTH = """\
stages:
  code:
    cmd: cat one two > code
    always_changed: true
    outs: [code]
  make:
    foreach: [one, two]
    do: {cmd: "cp ${item} ${item}.out", deps: ["${item}"], outs: ["${item}.out"]}
"""


def test_whichever_side_of_a_merge_is_taken_what_both_have_run_is_restored(tmp_path):
    project = Project.of(tmp_path)
    (tmp_path / "dvc.yaml").write_text(BOTH)
    for name in ("one", "two"):
        (tmp_path / name).write_text("as it was\n")
    init(tmp_path)
    project.dvc("repro")
    project.commit("start")
    for name in ("one", "two"):
        project.run("git", "switch", "-q", "-c", f"of-{name}", "main")
        (tmp_path / name).write_text("as it is\n")
        project.dvc("repro")
        project.commit(name)

    project.run("git", "merge", "-q", "of-one", status=1)
    with pytest.raises(Invalid, match=r"^dvc\.lock: a merge has left both sides in it"):
        plan.plan(tmp_path)
    project.run("git", "checkout", "--ours", "dvc.lock")
    output = project.dvc("repro")

    assert ran(output) == ["code"]
    assert "Stage 'make@one' is cached - skipping run" in output


def test_what_is_lost_is_restored_stage_by_stage(small):
    for name in ("first.out", "second.out", "third.out"):
        (small.root / name).unlink()

    assert [action for action, _ in small.actions()] == ["is restored"] * 3


def test_nothing_is_restored_after_a_stage_that_runs(small):
    small.set("two", 1)

    assert [action for action, _ in small.actions()] == ["runs", "runs", "may run"]
    assert small.actions()[1][1] == ["factor: 2 -> 1", "first@x runs before it"]


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        pytest.param(os.remove, "third.out is missing", id="removed"),
        pytest.param(
            lambda path: (os.remove(path), path.write_text("by hand")),
            "third.out was changed by hand",
            id="changed",
        ),
    ],
)
def test_an_output_that_is_not_what_the_stage_wrote_is_restored(small, damage, why):
    damage(small.root / "third.out")

    assert small.actions() == [("is up to date", []), ("is up to date", []), ("is restored", [why])]


def test_another_command_runs_and_is_named(small):
    path = small.root / "dvc.yaml"
    path.write_text(path.read_text().replace("out third.out", "out ./third.out"))

    third = small.actions()[2]

    why = "its command changed: cp second.out third.out -> cp second.out ./third.out"
    assert third == ("runs", [why])


def test_only_the_stages_of_the_named_pipeline_are_shown(small):
    assert plan.plan(small.root, ["y"]) == []
    assert len(plan.plan(small.root)) == 3


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        pytest.param(lambda: shutil.rmtree(".dvc"), "not inside of a DVC repository", id="no DVC"),
        pytest.param(
            lambda: Path("dvc.lock").write_text("<<<<<<< HEAD\nschema: '2.0'\n=======\n"),
            r"^dvc\.lock: a merge has left both sides in it\. Either will do, as what both have "
            r"run is restored: git checkout --ours dvc\.lock, then run \(with --pull what others "
            r"have run\)$",
            id="a conflict",
        ),
    ],
)
def test_what_dvc_cannot_read_is_named(small, break_it, message):
    break_it()

    with pytest.raises(Invalid, match=message):
        small.actions()


def test_a_damaged_measurement_is_named(small):
    path = Path("measured/x/second.json")
    path.parent.mkdir(parents=True)
    path.write_text('{"seconds": 1')

    with pytest.raises(Stop, match=r"measured/x/second.json: not JSON: .*; remove it, and run"):
        small.actions()


CODED = """\
stages:
  fingerprint:
    cmd: mkdir -p data/code/x && cp code.json data/code/x/train.json
    always_changed: true
    outs: [data/code]
  train:
    foreach: [x]
    do:
      cmd: date +%N > train.out
      deps: [data/code/x/train.json]
      params: [seed]
      outs: [train.out]
"""
BEFORE = {
    "values": {
        "train.epochs": "1",
        "train.loss": "None",
        "model.units": "[8]",
        "model.dropout": "0.0",
    },
    "code": {"components.run.code": "a", "keras": "3.1", "gone": "1", "same": "1"},
}
NOW = {
    "values": {
        "train.epochs": "2",
        "train.loss.Hinge": "{}",
        "model.units": "[8]",
        "model.dropout": "0.5",
    },
    "code": {"components.run.code": "b", "keras": "3.2", "new": "1", "same": "1"},
}


@pytest.fixture
def coded(tmp_path, monkeypatch):
    """A stage that has run, with what it depends on besides data."""
    project = Project.of(tmp_path)
    (tmp_path / "dvc.yaml").write_text(CODED)
    (tmp_path / "code.json").write_text(as_json(BEFORE))
    (tmp_path / "params.yaml").write_text("seed: 0\n")
    init(tmp_path)
    project.commit("start")
    monkeypatch.chdir(tmp_path)
    line = Line(project)
    line.run()
    return line


def test_every_value_module_and_version_that_differs_is_named(coded, monkeypatch):
    monkeypatch.setattr(plan, "fingerprints", lambda _: {"x": {"train": NOW}})

    assert coded.actions() == [
        (
            "runs",
            [
                "train.epochs: 1 -> 2",
                "train.loss: None -> not there",
                "model.dropout: 0.0 -> 0.5",
                "train.loss.Hinge: not there -> {}",
                "components.run.code changed",
                "gone is gone",
                "keras changed: 3.1 -> 3.2",
                "new is new",
            ],
        )
    ]


def test_a_value_that_differs_is_named_once_with_those_of_params_yaml_before_it(coded, monkeypatch):
    now = {**BEFORE, "values": {**BEFORE["values"], "train.epochs": "2"}}
    monkeypatch.setattr(plan, "fingerprints", lambda _: {"x": {"train": now}})
    (coded.root / "params.yaml").write_text("seed: 1\n")

    assert coded.actions() == [("runs", ["seed: 0 -> 1", "train.epochs: 1 -> 2"])]


def test_what_differed_is_not_known_where_the_cache_is_gone(coded, monkeypatch):
    monkeypatch.setattr(plan, "fingerprints", lambda _: {"x": {"train": NOW}})
    shutil.rmtree(".dvc/cache")

    assert coded.actions()[0][1][0] == "what it runs changed; what of it, is not known here"


def test_the_same_code_is_up_to_date(coded, monkeypatch):
    monkeypatch.setattr(plan, "fingerprints", lambda _: {"x": {"train": BEFORE}})

    assert coded.actions() == [("is up to date", [])]
