"""The user's day: the whole line on the bundled digits, in a real repository, on both backends."""

import json
import signal
import subprocess
import sys
import time

import mlflow
import numpy as np
import pytest
from project import STAGES, Project
from sklearn.datasets import load_digits


@pytest.fixture(scope="module", params=["tensorflow", "jax"])
def line(request, tmp_path_factory):
    """A project in which `dvc repro` has run."""
    project = Project(tmp_path_factory.mktemp(request.param))
    project.edit("params.yaml", ("backend: tensorflow", f"backend: {request.param}"))
    project.edit("pipelines/digits.yaml", ("epochs: 40", "epochs: 12"), ("min: 0.97", "min: 0.9"))
    project.output = project.dvc("repro")
    return project


def read(project, path):
    return json.loads((project.root / path).read_text())


def test_the_model_is_good(line):
    assert read(line, "reports/digits/evaluate.json")["accuracy"] >= 0.95


def test_every_stage_ran_once(line):
    ran = [row.split("'")[1] for row in line.output.splitlines() if row.startswith("Running")]

    assert ran == [f"{stage}@digits" for stage in STAGES]


def test_a_second_repro_does_nothing(line):
    output = line.dvc("repro")

    assert "Running" not in output
    assert "Data and pipelines are up to date." in output


def test_every_compressed_model_keeps_its_accuracy(line):
    models = read(line, "data/digits/compressed/models.json")

    assert [one["method"] for one in models] == ["float32", "float16", "int8"]
    assert max(one["accuracy_drop"] for one in models) <= 0.01
    sizes = [one["size_bytes"] for one in models]
    assert sizes == sorted(sizes, reverse=True)


def test_the_champion_takes_raw_images_and_gives_probabilities(line):
    mlflow.set_tracking_uri(f"sqlite:///{line.root}/mlflow.db")
    images = load_digits().images[:100].astype(np.uint8)[..., np.newaxis]

    champion = mlflow.pyfunc.load_model("models:/digits@champion")
    probabilities = champion.predict(images)

    assert probabilities.sum(axis=1) == pytest.approx(np.ones(100), abs=1e-3)
    assert (probabilities.argmax(axis=1) == load_digits().target[:100]).mean() > 0.9


def test_one_run_holds_what_every_stage_found(line):
    mlflow.set_tracking_uri(f"sqlite:///{line.root}/mlflow.db")

    runs = mlflow.search_runs(experiment_names=["digits"], output_format="list")

    assert len(runs) == 1
    data = runs[0].data
    assert {"val_accuracy", "test_accuracy", "compressed/int8/size_bytes"} <= set(data.metrics)
    assert data.params["train.batch_size"] == "64"
    assert data.tags["millrace.pipeline"] == "digits"
    assert data.tags["dvc.stage"] == "train@digits"
    assert (
        data.tags["millrace.dataset"] == read(line, "data/digits/ready/dataset.json")["fingerprint"]
    )
    assert len(data.tags["mlflow.source.git.commit"]) == 40


def test_dvc_shows_metrics_plots_and_the_graph(line):
    assert "reports/digits/evaluate.json" in line.dvc("metrics", "show")
    line.dvc("plots", "show")
    assert "train@digits" in line.dvc("dag")


def test_the_summary_says_what_was_made(line):
    output = line.components("summary")

    assert "models:/digits/1 (champion: there is no other champion)" in output
    assert "reports/digits/report.html" in output


def test_a_trained_value_reruns_training_and_what_follows(line):
    line.edit("pipelines/digits.yaml", ("batch_size: 64", "batch_size: 96"))

    plan = line.components("plan", "digits")
    line.edit("pipelines/digits.yaml", ("batch_size: 96", "batch_size: 64"))

    actions = {row.split()[0]: row for row in plan.splitlines() if "@digits  " in row}
    for stage in STAGES[:5]:
        assert "is up to date" in actions[f"{stage}@digits"]
    assert "train.batch_size: 64 -> 96" in actions["train@digits"]
    for stage in STAGES[6:]:
        assert "may run" in actions[f"{stage}@digits"]


def test_a_mistake_anywhere_stops_every_stage_before_it_starts(line):
    line.edit("pipelines/digits.yaml", ("AdamW", "AdammW"))

    output = line.run(
        *f"{sys.executable} -m components.ingest pipelines/digits.yaml --source sources/digits "
        "--out data/digits/raw --metrics reports/digits/ingest.json --params params.yaml "
        "--seed 0".split(),
        status=2,
    )
    line.edit("pipelines/digits.yaml", ("AdammW", "AdamW"))

    assert output.startswith("pipelines/digits.yaml:")
    assert "no optimizer 'AdammW' in keras.optimizers; did you mean 'AdamW'?" in output


def test_a_killed_stage_leaves_the_earlier_output(line):
    command = (
        f"{sys.executable} -m components.train pipelines/digits.yaml --dataset data/digits/ready "
        "--validation data/digits/validation.json --augmented data/digits/augmented "
        "--hyperparameters data/digits/hyperparameters.json "
        "--out data/digits/trained --curves reports/digits/learning_curves.csv "
        "--picture reports/digits/learning_curves.png --metrics reports/digits/train.json --seed 1"
    ).split()
    beside = line.root / "data/digits/.trained.partial"

    with subprocess.Popen(
        command, cwd=line.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while not beside.exists() and process.poll() is None:
            time.sleep(0.1)
        process.send_signal(signal.SIGKILL)

    assert process.returncode == -signal.SIGKILL
    assert "Data and pipelines are up to date." in line.dvc("status")
