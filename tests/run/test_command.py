"""What a stage leaves besides its output."""

import json
import shlex
import sys
import time
from pathlib import Path

import pytest
import yaml
from project import ROOT
from stages import _called

from components.base.errors import Unavailable
from components.config.document import Document
from components.config.pipeline import parse
from components.fingerprint import run as fingerprint
from components.run.command import KEPT, Run, stage


def measuring(folder):
    """A run that can write what it measures."""
    return Run(
        stage="train",
        pipeline_path=Path("pipelines/pets.yaml"),
        metrics=folder / "metrics.json",
        measured=folder / "measured.json",
    )


def test_what_was_measured_lies_apart_from_what_follows_from_the_inputs(tmp_path, capsys):
    run = measuring(tmp_path)

    run.conclude("4 epochs")
    run.measure({"loss": 0.5}, latency_ms=2.0)

    assert capsys.readouterr().out == "pets: 4 epochs\n"
    assert json.loads(run.metrics.read_text()) == {"loss": 0.5}
    measured = json.loads(run.measured.read_text())
    assert measured.pop("seconds") > 0
    assert measured == {"finding": "4 epochs", "latency_ms": 2.0}


@pytest.mark.parametrize(("part", "program"), [("run", "tune"), ("trial", "tune.trial")])
def test_a_stage_is_called_by_its_module(monkeypatch, capsys, part, program):
    monkeypatch.setattr("sys.argv", ["stage"])

    with pytest.raises(SystemExit):
        stage("tune", "", part=part)

    assert capsys.readouterr().err.startswith(f"usage: python -m components.{program} [-h]")


@pytest.fixture
def begun(project, monkeypatch):
    """Gives a stage of the bundled pipeline as it begins in a run."""
    monkeypatch.chdir(project.root)
    fingerprint.write(Path("params.yaml"), Path("data", "code"), ["digits"])
    (project.root / "sources" / "digits" / "a.csv").write_text("1")

    def called(name):
        return _called(project.root, "digits", name)

    return called


@pytest.mark.parametrize(
    ("name", "old", "new", "keys"),
    [
        ("train", "epochs: 40", "epochs: 39", "train.epochs"),
        ("train", "min: 0.97", "min: 0.9", None),
        ("train", "description: ", "description: more, ", None),
        ("package", "min: 0.97", "min: 0.9", "register.gate.min"),
    ],
)
def test_a_stage_that_would_run_with_other_values_than_its_run_is_told_of_begins_nothing(
    begun, project, name, old, new, keys
):
    project.edit("pipelines/digits.yaml", (old, new))

    if keys is None:
        begun(name).check_begun()
        return
    with pytest.raises(Unavailable) as error:
        begun(name).check_begun()

    assert str(error.value) == (
        f"changed since this run began: pipelines/digits.yaml: {keys}; run it again"
    )


def test_seconds_are_those_that_passed_whatever_the_clock_of_day_is_set_to(tmp_path, monkeypatch):
    run = measuring(tmp_path)
    run.finding = ""
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() - 86400)

    run.measure({})

    assert json.loads(run.measured.read_text())["seconds"] > 0


def test_a_stage_whose_code_was_changed_since_its_run_began_begins_nothing(project):
    """In a process of its own, whose code is that of the checkout."""
    project.run(*words(project, "fingerprint"))
    command = words(project, "ingest")
    splitting = "components/ingest/splitting.py"
    text = (project.root / splitting).read_text()

    (project.root / splitting).write_text(f"{text}\n\nX = 1\n")
    said = project.run(*command, status=75)
    (project.root / splitting).write_text(f"{text}\n\n# a comment\n")
    project.run(*command)

    assert said == (
        "changed since this run began: the code of components.ingest.splitting; run it again\n"
    )


def words(project, stage):
    """Of the command of a stage."""
    text = yaml.safe_load((project.root / "dvc.yaml").read_text())["stages"][stage]["cmd"]
    return [sys.executable, *shlex.split(text.replace("${item.pipeline}", "digits"))[1:]]


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("params.yaml", ("seed: 0", "seed: 1"), "params.yaml: seed"),
        ("params.yaml", ("tensorflow", "jax"), "params.yaml: backend"),
        ("params.yaml", ("pipelines: [digits]", "pipelines: [digits, photos]"), None),
        ("sources/digits/a.csv", ("1", "22"), "sources/digits"),
        ("data/code/digits/ingest.json", ("load_digits", "load_wine"), "data/code/digits/ingest"),
    ],
)
def test_what_dvc_would_note_though_the_stage_has_not_read_it_ends_the_stage(
    begun, project, file, change, said
):
    run = begun("ingest")
    run.check_begun()
    run.check_ended()
    project.edit(file, change)

    if said is None:
        run.check_ended()
        return
    with pytest.raises(Unavailable, match=f"^changed since this run began: {said}"):
        run.check_ended()


@pytest.mark.parametrize(
    ("layer", "stage", "is_foreign"),
    [
        ("tests.own_line:Products", "preprocess", True),
        ("tests.own_line:Products", "validate", False),
        ("GlobalContrastNormalization", "preprocess", False),
        ("Rescaling", "preprocess", False),
    ],
)
def test_code_that_is_not_ours_may_use_any_part_of_keras(tmp_path, layer, stage, is_foreign):
    text = (ROOT / "pipelines/digits.yaml").read_text()
    asked = f"  - {layer}\n" if layer != "Rescaling" else "  - Rescaling: {scale: 2.0}\n"
    path = tmp_path / "pets.yaml"
    path.write_text(text.replace("  - Rescaling: {scale: 0.0625}\n", asked))
    run = Run(stage=stage, document=(document := Document(path)), pipeline=parse(document))

    assert run.is_foreign == is_foreign


def test_what_earlier_runs_took_is_kept_for_a_while(tmp_path):
    run = measuring(tmp_path)
    for _ in range(12):
        run.measure({})
        last = json.loads(run.measured.read_text())

    assert len(last["before"]) == KEPT


@pytest.mark.parametrize("damage", ['{"seconds": 1', "[]", '{"finding": "x"}'])
def test_a_damaged_measurement_costs_no_run(tmp_path, damage):
    run = measuring(tmp_path)
    run.measured.write_text(damage)

    run.measure({"loss": 0.5})

    assert "before" not in json.loads(run.measured.read_text())
