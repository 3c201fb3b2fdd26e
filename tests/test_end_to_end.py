"""The user's day: the whole line on the bundled digits, in a real repository, on both backends."""

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from project import ALWAYS, STAGES, ran
from sklearn.datasets import load_digits

from components.run.tracking import MODEL
from tests.conftest import one_backend


@pytest.fixture
def registry(line):
    """The MLflow store of the checkout."""
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(line.tracking_uri())
    yield MlflowClient()
    mlflow.set_tracking_uri(before)


def test_the_model_is_good(line):
    assert line.read("reports/digits/evaluate.json")["accuracy"] >= 0.97


def test_every_stage_ran_once(line):
    stages = [f"{stage}@digits" for stage in STAGES]

    assert ran(line.output) == [ALWAYS[0], *stages, ALWAYS[1]]


@one_backend
def test_a_second_repro_runs_no_stage(line):
    assert ran(line.dvc("repro")) == list(ALWAYS)


def test_git_sees_nothing_but_the_lock(line):
    assert line.run("git", "status", "--porcelain") == "?? dvc.lock\n"


def test_every_compressed_model_keeps_its_accuracy(line):
    models = line.read("data/digits/compressed/models.json")

    assert [one["method"] for one in models] == ["float32", "float16", "int8"]
    assert max(one["drop"] for one in models) <= 0.01
    sizes = [one["size_bytes"] for one in models]
    assert sizes == sorted(sizes, reverse=True)
    latency_ms = line.read("measured/digits/compress.json")["latency_ms"]
    assert latency_ms.keys() == {"float32", "float16", "int8"}


def test_the_champion_takes_raw_images_and_gives_probabilities(line, registry):
    images = load_digits().images[:100].astype(np.uint8)[..., np.newaxis]

    champion = mlflow.pyfunc.load_model("models:/digits@champion")
    probabilities = champion.predict(images)

    assert probabilities.sum(axis=1) == pytest.approx(np.ones(100), abs=1e-3)
    assert (probabilities.argmax(axis=1) == load_digits().target[:100]).mean() > 0.97


def test_one_run_holds_what_every_stage_found(line, registry):
    experiment = registry.get_experiment_by_name("digits")
    model = line.read("packages/digits/manifest.json")["model"]
    (run,) = registry.search_runs([experiment.experiment_id], f"tags.`{MODEL}` = '{model}'")

    data = run.data
    assert {"val_accuracy", "test_accuracy", "compressed/int8/size_bytes"} <= set(data.metrics)
    assert data.params["train.batch_size"] == "64"
    assert data.tags["millrace.pipeline"] == "digits"
    assert data.tags["dvc.stage"] == "train@digits"
    assert data.tags["millrace.dataset"] == line.read("data/digits/raw/dataset.json")["fingerprint"]
    assert len(data.tags["mlflow.source.git.commit"]) == 40
    assert "millrace.git.dirty" not in data.tags
    history = registry.get_metric_history(run.info.run_id, "val_loss")
    kept = line.read("data/digits/trained/history.json")["history"]["val_loss"]
    assert [one.value for one in history] == pytest.approx(kept)


@one_backend
def test_dvc_shows_metrics_plots_and_the_graph(line):
    assert "reports/digits/evaluate.json" in line.dvc("metrics", "show")
    line.dvc("plots", "show")
    assert "train@digits" in line.dvc("dag")


@one_backend
def test_nothing_that_is_measured_is_a_metric_of_dvcs(line):
    shown = line.dvc("metrics", "show", "--json")

    assert "seconds" not in shown
    assert "latency" not in shown


@one_backend
def test_the_summary_says_what_was_made(line):
    output = line.millrace("summary")

    assert "digits version 1 is the champion: there was no champion" in output
    assert "reports/digits/report.html" in output


@one_backend
def test_a_trained_value_reruns_training_and_what_follows(line):
    line.edit("pipelines/digits.yaml", ("batch_size: 64", "batch_size: 96"))
    try:
        plan = line.millrace("plan", "digits")
    finally:
        line.edit("pipelines/digits.yaml", ("batch_size: 96", "batch_size: 64"))

    actions = {row.split()[0]: row for row in plan.splitlines() if "@digits  " in row}
    before, after = STAGES[: STAGES.index("train")], STAGES[STAGES.index("train") + 1 :]
    for stage in before:
        assert "is up to date" in actions[f"{stage}@digits"]
    assert "train.batch_size: 64 -> 96" in actions["train@digits"]
    for stage in after:
        assert "may run" in actions[f"{stage}@digits"]


@one_backend
def test_a_mistake_anywhere_stops_the_line_before_it_starts(line):
    line.edit("pipelines/digits.yaml", ("AdamW", "AdammW"))
    try:
        output = line.dvc("repro", status=255)
    finally:
        line.edit("pipelines/digits.yaml", ("AdammW", "AdamW"))
        line.dvc("checkout")  # DVC removes what a stage writes before it runs

    assert ran(output) == ["fingerprint"]
    assert "no optimizer 'AdammW' in keras.optimizers; did you mean 'AdamW'?" in output


@one_backend
def test_what_a_whole_run_says_is_a_line_a_stage(line):
    output = line.millrace("run", "digits")

    assert output.splitlines()[0] == f"{len(STAGES)} stages are up to date"
    assert "digits version 1 is the champion" in output
