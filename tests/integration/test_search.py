"""A real pipeline, whose search fans out over both workers, ends in the cluster's registry."""

import mlflow
import pytest


@pytest.fixture(scope="module")
def searched(cluster):
    """By name of a task, its parts, after a run of the pipeline."""
    cluster.trigger("diabetes", "one")
    cluster.finished("diabetes", "one", 1800)
    return cluster.parts("diabetes", "one")


def test_trials_fan_out_over_both_workers_and_the_model_is_registered(searched, cluster):
    trials = searched["tune.trial"]
    client = mlflow.MlflowClient(cluster.state.url("mlflow"))

    assert {one["state"] for parts in searched.values() for one in parts} == {"success", "skipped"}
    assert [name for name, parts in searched.items() if parts[0]["state"] == "skipped"] == [
        "fingerprint"
    ]
    assert len(trials) == 4
    assert {one["hostname"] for one in trials} == {"127.0.0.1", "127.0.0.2"}
    assert client.get_model_version_by_alias("diabetes", "champion").version == "1"


def test_runs_of_mlflow_say_which_run_of_airflow_they_are_of(searched, cluster):
    client = mlflow.MlflowClient(cluster.state.url("mlflow"))
    experiment = client.get_experiment_by_name("diabetes")

    runs = client.search_runs([experiment.experiment_id])

    said = {
        tuple(run.data.tags[f"airflow.{key}"] for key in ("dag_id", "run_id", "try"))
        for run in runs
    }
    assert said == {("diabetes", "one", "1")}
    assert {run.info.status for run in runs} == {"FINISHED"}
    stages = sorted(run.data.tags["dvc.stage"] for run in runs)
    assert stages == ["train@diabetes", *["tune@diabetes"] * 5]
