"""Promise: a task of one's own is one class; nothing of the line is edited for it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from mlflow import MlflowClient
from project import ALWAYS, ROOT, STAGES, Project, ran

FILE, CLASS = "pipelines/digits.yaml", "own_task.py"
LEARNS = "tune train evaluate compress package"
MEASURES = "evaluate compress"
CHANGES = {
    # One module: who learns and who measures depends on all of it.
    "its measure": (CLASS, "examples=len(answers)", "examples=1 * len(answers)", LEARNS),
    "its head": (CLASS, '"sigmoid"', '"hard_sigmoid"', LEARNS),
    "its words": (CLASS, "From which probability on.", "Where one begins.", ""),
    "its setting, which it measures by": (FILE, "beyond: 0.4", "beyond: 0.5", MEASURES),
    "a default, where the file has another": (CLASS, "Fraction = 0.5", "Fraction = 0.6", ""),
    "the limit": (FILE, "max: 9", "max: 8", "package"),
    "what tasks with a number share": (
        "components/tasks/chance.py",
        "ENUMERATED = 13",
        "ENUMERATED = 12",
        LEARNS,
    ),
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A checkout whose pipeline has a task of the user's own, in which `dvc repro` has run."""
    project = Project(tmp_path_factory.mktemp("graded"))
    shutil.copy(ROOT / "tests" / CLASS, project.root)
    project.edit(
        FILE,
        ("{classification: {label_preserving_flips: none}}", '{"own_task:Ordinal": {beyond: 0.4}}'),
        ("architecture: resnet\n  blocks: [2, 2]", "architecture: mlp\n  units: [32]"),
        ("epochs: 40", "epochs: 3"),
        ("monitor: val_loss", "monitor: val_classes_off"),
        ("metric: accuracy, min: 0.97", "max: 9"),
        ("max_drop: 0.01", "max_drop: 1.0"),
    )
    project.commit("graded")
    project.output = project.dvc("repro")
    return project


@pytest.fixture(scope="module")
def planned(graded):
    """What `plan` says to each change, by its name."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).parent / "changes.py")],
        cwd=graded.root,
        env=graded.environment(PYTHONPATH=str(graded.root)),
        input=json.dumps([change[:3] for change in CHANGES.values()]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(CHANGES, json.loads(done.stdout.rpartition("> ")[2]), strict=True))


def test_every_stage_runs_and_nothing_reruns(graded):
    assert ran(graded.output) == [
        ALWAYS[0],
        *(f"{stage}@digits" for stage in STAGES),
        ALWAYS[1],
    ]
    assert ran(graded.dvc("repro")) == list(ALWAYS)


def test_its_metric_is_measured_with_an_interval(graded):
    found = graded.read("reports/digits/evaluate.json")

    assert found.keys() == {
        *("classes_off", "classes_off_low", "classes_off_high", "examples"),
    }
    assert 0 < found["classes_off_low"] < found["classes_off"] < found["classes_off_high"] < 4


def test_its_curve_chooses_when_training_stops(graded):
    history = graded.read("data/digits/trained/history.json")["history"]

    assert sorted(history) == [
        *("classes_off", "learning_rate", "loss"),
        *("val_classes_off", "val_loss"),
    ]
    assert history["val_classes_off"][-1] < history["val_classes_off"][0]


def test_its_figure_is_in_the_report(graded):
    page = (graded.root / "reports/digits/report.html").read_text()

    assert 'alt="Classes off"' in page
    assert (graded.root / "reports/digits/evaluate/classes_off.png").exists()


def test_its_first_metric_is_what_compression_must_keep(graded):
    models = graded.read("data/digits/compressed/models.json")

    assert [one["method"] for one in models] == ["float32", "float16", "int8"]
    off = graded.read("reports/digits/evaluate.json")["classes_off"]
    for one in models:
        assert one["value"] == pytest.approx(off + one["drop"])
        assert one["drop_low"] <= one["drop"] <= one["drop_high"] < 1


def test_its_metric_gates_and_reaches_mlflow(graded):
    client = MlflowClient(graded.tracking_uri())
    off = graded.read("reports/digits/evaluate.json")["classes_off"]

    assert graded.read("reports/digits/package.json") == {
        "classes_off": off,
        "passes_gate": True,
        "reason": "",
    }
    assert "digits version 1 is the champion: there was no champion" in graded.output
    (run,) = client.search_runs([client.get_experiment_by_name("digits").experiment_id])
    assert run.data.metrics["test_classes_off"] == pytest.approx(off)
    assert "val_classes_off" in run.data.metrics
    assert run.data.params["task.own_task:Ordinal.beyond"] == "0.4"
    version = client.get_model_version("digits", "1")
    assert float(version.tags["classes_off"]) == pytest.approx(off)
    assert "classes off" in version.description


def test_a_limit_that_it_misses_keeps_it_from_the_registry_and_a_better_model_beats_it(graded):
    """And who goes back to the first values is where they began, with the better model's alias."""
    lock = (graded.root / "dvc.lock").read_text()
    try:
        graded.edit(FILE, ("max: 9", "max: 0.01"))
        missed = graded.dvc("repro")
        graded.edit(FILE, ("max: 0.01", "max: 9"), ("epochs: 3", "epochs: 12"))
        better = graded.dvc("repro")
    finally:
        graded.run("git", "checkout", FILE)
    back = graded.dvc("repro")

    assert "not to be registered: classes_off" in missed
    assert "is above register.gate.max, 0.01" in missed
    assert "train@digits" not in ran(missed)
    assert "digits version 2 is the champion: it beats version 1 on 269 test examples" in better
    assert "classes_off differs by -" in better
    done = {stage.partition("@")[0] for stage in ran(better)}
    assert done >= {"train", "evaluate", "package"}
    assert not {"ingest", "preprocess", "augment", "tune"} & done
    assert ran(back) == list(ALWAYS)
    assert (graded.root / "dvc.lock").read_text() == lock
    client = MlflowClient(graded.tracking_uri())
    champion = client.get_model_version_by_alias("digits", "champion").version
    said = graded.millrace("summary")
    assert f"digits version 1 is not the champion, version {champion} is" in said


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_it_runs_who_uses_it_and_not_who_reads_data(planned, name):
    actions = {stage.partition("@")[0]: action for stage, action in planned[name].items()}

    runs = {stage for stage, action in actions.items() if action == "runs"} - set(ALWAYS)
    assert runs == set(CHANGES[name][3].split())
    for stage in ("ingest", "validate", "preprocess", "augment"):
        assert actions[f"{stage}"] == "is up to date"


def test_check_tries_it_and_names_its_mistakes(graded):
    graded.edit(FILE, ("beyond: 0.4", "beyound: 2"), ("val_classes_off", "val_classes_of"))
    try:
        output = graded.millrace("check", "digits", status=2)
    finally:
        graded.edit(FILE, ("beyound: 2", "beyond: 0.4"), ("val_classes_of", "val_classes_off"))

    assert "no mistakes" in graded.millrace("check", "digits")
    assert "4: task.own_task:Ordinal.beyound: unknown key; did you mean 'beyond'?" in output
