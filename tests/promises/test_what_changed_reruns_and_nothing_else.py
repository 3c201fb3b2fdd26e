"""Promise 2: what changed reruns, and nothing else, anywhere."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from mlflow import MlflowClient
from project import ALWAYS, STAGES, ran

from tests.conftest import one_backend

FILE = "pipelines/digits.yaml"
LEARNER = "components/fitting/supervised/__init__.py"
MORE = "\nMORE = 1\n"
NONE = ""
MODEL = "tune train evaluate compress package"
LAYER = "preprocess train evaluate compress package"
KERAS = "preprocess augment tune train evaluate compress package"
EVERY = " ".join(STAGES)

CHANGES = {
    # What decides nothing.
    "every comment and docstring": ("words", None, "", NONE),
    "a comment in the file": (FILE, "\ntrain:\n", "\ntrain:   # on one machine\n", NONE),
    "a default, spelled out": (FILE, "\ntrain:\n", "\ntrain:\n  learner: supervised\n", NONE),
    "a value, written otherwise": (FILE, "batch_size: 64", "batch_size: 0x40", NONE),
    "a description": (FILE, "No download, about", "About", NONE),
    "whether an alias must be won": (FILE, ", must_beat: champion", ", must_beat: null", NONE),
    "the schedule": (FILE, "@daily", "@hourly", NONE),
    "flips that no layer makes": (FILE, "flips: none", "flips: horizontal", NONE),
    "a comment in dvc.yaml": ("dvc.yaml", "# The one graph;", "# A graph;", NONE),
    "a description in dvc.yaml": ("dvc.yaml", "desc: Train the model,", "desc: Fit it,", NONE),
    "a comment in params.yaml": ("params.yaml", "# of the split", "# of splits", NONE),
    "a message": ("components/base/errors.py", None, MORE, NONE),
    "a rule of the file": ("components/config/rules.py", None, MORE, NONE),
    "a rule of a section": (LEARNER, "is larger than the train", "exceeds the train", NONE),
    "the most that a section takes": (LEARNER, "le=1_000_000", "le=1_000", NONE),
    "progress": ("components/fitting/progress.py", None, MORE, NONE),
    "what MLflow is told": ("components/run/tracking.py", None, MORE, NONE),
    "the judge": ("components/register/judge.py", None, MORE, NONE),
    "a command": ("components/cli/summary.py", None, MORE, NONE),
    "a DAG": ("dags/pipelines.py", None, MORE, NONE),
    # What is beside what is used.
    "an architecture beside": ("components/models/cnn/network.py", None, MORE, NONE),
    "its section": ("components/models/cnn/__init__.py", None, MORE, NONE),
    "a new architecture": ("components/models/new/__init__.py", None, MORE, NONE),
    "a layer beside": ("components/layers/whitening.py", None, MORE, NONE),
    "a new layer": ("components/layers/__init__.py", '"Grayscale"', '"New"', NONE),
    "a source beside": ("components/ingest/sources/table/read.py", None, MORE, NONE),
    "a task beside": ("components/tasks/regression/measure.py", None, MORE, NONE),
    "a new kind of column": ("components/data/features/__init__.py", '"Value"', '"New"', NONE),
    "a pipeline beside": ("pipelines/photos.yaml", "epochs: 40", "epochs: 41", NONE),
    "a library that decides nothing": ("version rich", None, "99", NONE),
    # Pictures and pages.
    "a colour": (
        "components/show/pictures.py",
        '"tab:blue"',
        '"tab:red"',
        "validate augment evaluate compress",
    ),
    "a page": ("components/show/html/__init__.py", None, MORE, "validate evaluate"),
    "a figure": ("components/tasks/classification/draw.py", None, MORE, "evaluate"),
    # Values.
    "epochs": (FILE, "epochs: 12", "epochs: 13", "train"),
    "blocks": (FILE, "blocks: [1, 1]", "blocks: [1, 2]", "train"),
    "another architecture": (
        FILE,
        "architecture: resnet\n  blocks: [1, 1]",
        "architecture: cnn",
        MODEL,
    ),
    "a split": (FILE, "train: 0.7, validation: 0.15", "train: 0.65, validation: 0.2", "ingest"),
    "a policy": (FILE, "fraction: 0.01", "fraction: 0.02", "validate"),
    "a preprocessing layer": (FILE, "0.0625", "0.0624", "preprocess"),
    "an augmentation": (FILE, "factor: 0.04", "factor: 0.05", "augment"),
    "mistakes to show": (FILE, "\ncompress:", "\nevaluate: {shown: 3}\ncompress:", "evaluate"),
    "a method": (FILE, "[float16, int8]", "[int8]", "compress"),
    "the gate": (FILE, "min: 0.9,", "min: 0.91,", "package"),
    "the seed": ("params.yaml", "seed: 0", "seed: 1", "ingest augment tune train compress"),
    "an accepted dataset": ("accepted/digits/statistics.json", None, "{}", "validate"),
    "a file of the source": ("sources/digits/more.txt", None, "1", "ingest"),
    # Code, where it runs.
    "the architecture": ("components/models/resnet/network.py", None, MORE, MODEL),
    "the head": ("components/tasks/classification/learn.py", None, MORE, "tune train"),
    "how a network is built": (
        "components/fitting/supervised/build.py",
        None,
        MORE,
        "tune train",
    ),
    "a layer": ("components/layers/contrast.py", None, MORE, LAYER),
    "training": ("components/fitting/supervised/fit.py", None, MORE, "tune train"),
    "measures": ("components/tasks/classification/measure.py", None, MORE, "evaluate compress"),
    "intervals": ("components/tasks/comparison.py", None, MORE, "evaluate compress"),
    "the source": ("components/ingest/sources/sklearn/read.py", None, MORE, "ingest"),
    "splitting": ("components/ingest/splitting.py", None, MORE, "ingest"),
    "what is laid over": ("components/config/overrides.py", None, MORE, "tune train"),
    "the form of a dataset": ("components/data/dataset.py", None, MORE, EVERY),
    "a kind of column": ("components/data/features/image.py", None, MORE, EVERY),
    "how pictures look alike": ("components/validate/likeness.py", None, MORE, "validate"),
    "what MLflow runs of a model": ("components/fitting/pyfunc_code.py", None, MORE, "package"),
    # Versions of what computes.
    "Keras": ("version keras", None, "99", KERAS),
    "NumPy": ("version numpy", None, "99", EVERY),
    "what hashes pictures": ("version imagehash", None, "99", "validate"),
    "what writes datasets": (
        "version datasets",
        None,
        "99",
        "ingest preprocess augment evaluate",
    ),
    "MLflow": ("version mlflow", None, "99", "package"),
    "scikit-learn": ("version scikit-learn", None, "99", "ingest evaluate compress"),
}


@pytest.fixture(scope="session")
def planned(line):
    """What `plan` says to each change, by its name."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).parent / "changes.py")],
        cwd=line.root,
        env=line.environment(PYTHONPATH=str(line.root)),
        input=json.dumps([change[:3] for change in CHANGES.values()]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert line.run("git", "status", "--porcelain") == "?? dvc.lock\n"
    return dict(zip(CHANGES, json.loads(done.stdout.rpartition("> ")[2]), strict=True))


def followers(root, stages):
    """The stages that read what some stages write, and those that read what these write, ..."""
    graph = yaml.safe_load((root / "dvc.yaml").read_text())["stages"]
    written = {name: set(_paths(graph[name], "outs", "metrics", "plots")) for name in graph}
    found = set()
    while True:
        changed = {path for name in {*stages, *found} for path in written[name]}
        more = {
            name
            for name in STAGES
            if any(_touches(path, one) for path in _paths(graph[name], "deps") for one in changed)
        }
        if more <= {*stages, *found}:
            return found
        found |= more - set(stages)


def _paths(stage, *kinds):
    for kind in kinds:
        for one in stage.get(kind, []):
            yield one if isinstance(one, str) else next(iter(one))


def _touches(one, other):
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


@one_backend
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_runs_the_stages_that_it_changes_and_may_run_those_behind(line, planned, name):
    direct = set(CHANGES[name][3].split())

    stages = {stage.partition("@")[0]: action for stage, action in planned[name].items()}
    actions = {stage: action for stage, action in stages.items() if stage not in ALWAYS}
    assert {stage for stage, action in actions.items() if action == "runs"} == direct
    behind = followers(line.root, direct)
    assert {stage for stage, action in actions.items() if action == "may run"} == behind - direct
    rest = set(STAGES) - direct - behind
    assert {stage for stage, action in actions.items() if action == "is up to date"} == rest


@one_backend
@pytest.mark.parametrize(
    ("old", "new", "action"),
    [
        pytest.param("min_delta: NonNegativeFloat = 0.0", "1.0", "runs", id="used"),
        pytest.param("batch_size: PositiveInt = 32", "16", "is up to date", id="not used"),
    ],
)
def test_a_default_counts_where_the_file_leaves_it(line, old, new, action):
    line.edit(LEARNER, (old, f"{old.partition('= ')[0]}= {new}"))
    try:
        plan = line.millrace("plan", "digits")
    finally:
        line.run("git", "checkout", "components")

    (train,) = [row for row in plan.splitlines() if row.strip().startswith("train@digits ")]
    assert f" {action} " in train


@one_backend
def test_another_pipeline_runs_alone(line):
    shutil.copy(line.root / FILE, line.root / "pipelines/more.yaml")
    line.edit("params.yaml", ("pipelines: [digits]", "pipelines: [digits, more]"))
    for folder in ("accepted", "sources"):
        (line.root / folder / "more").mkdir()
    try:
        plan = line.millrace("plan")
    finally:
        line.run("git", "checkout", "params.yaml")
        (line.root / "pipelines/more.yaml").unlink()
        for folder in ("accepted", "sources"):
            (line.root / folder / "more").rmdir()

    actions = {row.split()[0]: row for row in plan.splitlines() if "@" in row.split()[0]}
    for stage in STAGES:
        assert "is up to date" in actions[f"{stage}@digits"]
        assert " runs " in actions[f"{stage}@more"]


@one_backend
def test_a_stage_that_writes_what_it_wrote_runs_nobody_behind_it(line):
    imported = "from components.tasks.measured import Measures"
    line.edit("components/tasks/classification/draw.py", (imported, f"{imported}\nMORE = 1"))
    try:
        output = line.dvc("repro")
    finally:
        line.run("git", "checkout", "components")
    again = line.dvc("repro")

    assert ran(output) == [ALWAYS[0], "evaluate@digits", ALWAYS[1]]
    assert ran(again) == list(ALWAYS)  # restored
    assert (line.root / "dvc.lock").read_text() == line.lock


@one_backend
def test_to_accept_unchanged_data_retrains_nobody_and_makes_no_version(line):
    (line.root / "accepted/digits/statistics.json").unlink()
    before = line.dvc("repro")
    line.millrace("accept", "digits")
    output = line.dvc("repro")

    for said in (before, output):
        stages = {stage.partition("@")[0] for stage in ran(said)}
        assert stages <= {*ALWAYS, "validate", "package"}
        assert "digits version 1 is the champion" in said
    assert line.run("git", "status", "--porcelain") == "?? dvc.lock\n"  # accepted as before
    assert (line.root / "dvc.lock").read_text() == line.lock
    client = MlflowClient(line.tracking_uri())
    assert [int(one.version) for one in client.search_model_versions("name = 'digits'")] == [1]


def test_a_colleague_restores_what_one_has_run(line, tmp_path):
    """By a remote with the run cache; with the dvc.lock of a user's project, and without."""
    theirs = line.clone(tmp_path / "theirs")

    output = theirs.dvc("repro", "--pull")

    assert ran(output) == list(ALWAYS)
    assert (theirs.root / "dvc.lock").read_text() == line.lock
    assert theirs.outputs() == line.outputs()
    assert "digits version 1 is the champion" in output


def test_nothing_in_the_graph_is_kept_from_the_cache(line):
    graph = (line.root / "dvc.yaml").read_text()

    assert "cache:" not in graph
    assert "persist:" not in graph
