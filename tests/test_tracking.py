"""MLflow: a server that is not there, and a run that it does not know."""

import contextlib

import mlflow
import pytest

from components import tracking
from components.errors import Stop
from components.overrides import flatten


def test_a_dead_server_is_named_at_once(mlflow_store):
    mlflow.set_tracking_uri("http://127.0.0.1:9")

    with pytest.raises(Stop) as caught:
        tracking.connect("digits")

    assert str(caught.value) == (
        "MLflow at http://127.0.0.1:9 cannot be used: [Errno 111] Connection refused; "
        "start it, or set MLFLOW_TRACKING_URI"
    )


def test_a_password_is_not_shown(mlflow_store):
    mlflow.set_tracking_uri("http://user:secret@127.0.0.1:9")

    with pytest.raises(Stop, match=r"^MLflow at http://127\.0\.0\.1:9 cannot be used: "):
        tracking.connect("digits")


def test_a_run_keeps_the_whole_configuration_and_says_where_it_failed(mlflow_store):
    tracking.connect("digits")

    with (
        contextlib.suppress(RuntimeError),
        tracking.start("digits", {"train": {"epochs": 3}}, {"dvc.stage": "train@digits"}),
    ):
        raise RuntimeError("power")

    (run,) = mlflow.search_runs(experiment_names=["digits"], output_format="list")
    assert run.info.status == "FAILED"
    assert run.data.params == {"train.epochs": "3"}
    assert run.data.tags["dvc.stage"] == "train@digits"


def recorded(folder, run_id=None):
    """The record of a run, as a trained model's folder keeps it."""
    tracking.connect("digits")
    with tracking.start("digits", {"train": {"epochs": 2}}, {"a": "b"}) as record:
        history = {"loss": [2.0, 1.0]}
    update = {"history": history, "run_id": run_id or record.run_id}
    record.model_copy(update=update).write(folder)
    return tracking.Record.read(folder)


def test_later_stages_add_to_the_run(mlflow_store):
    record = recorded(mlflow_store)

    with tracking.resume(record) as run_id:
        tracking.log_metrics({"test_accuracy": 0.5})

    assert run_id == record.run_id
    assert mlflow.get_run(run_id).data.metrics == {"test_accuracy": 0.5}


def test_an_unknown_run_is_written_anew_once(mlflow_store, capsys):
    record = recorded(mlflow_store, run_id="f" * 32)

    with tracking.resume(record) as first:
        pass
    with tracking.resume(record) as second:
        pass

    assert first == second != record.run_id
    said = f"MLflow does not know run {record.run_id}; written anew as {first}\n"
    assert capsys.readouterr().err.count(said) == 1
    copy = mlflow.get_run(first).data
    assert copy.params == {"train.epochs": "2"}
    assert copy.metrics == {"loss": 1.0}
    assert copy.tags["a"] == "b"


def test_nested_values_become_dotted_keys():
    values = {"a": {"b": 1, "c": [1, 2], "d": [{"e": None}]}, "f": {}}

    assert dict(flatten(values)) == {"a.b": "1", "a.c": "[1, 2]", "a.d.0.e": "None", "f": "{}"}
