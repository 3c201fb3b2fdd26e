"""MLflow: one run for each trained model, to which the later stages add.

Where the server is, MLflow reads from MLFLOW_TRACKING_URI; without it, everything is in
`mlflow.db` and `mlruns/` of the working directory, which for a stage is the project.
"""

import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import keras
import mlflow
from filelock import FileLock
from mlflow import MlflowClient
from mlflow.entities import LifecycleStage
from mlflow.exceptions import MlflowException
from pydantic import BaseModel

from components.errors import Stop
from components.overrides import flatten

RECORD = "run.json"
ORIGIN = "millrace.origin_run_id"


class Record(BaseModel):
    """What a trained model's folder keeps of its run, enough to write the run anew."""

    run_id: str
    experiment: str
    params: dict[str, str]
    tags: dict[str, str]
    history: dict[str, list[float]] = {}

    def write(self, folder: Path) -> None:
        """Writes the record into a folder."""
        (folder / RECORD).write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Record":
        """Reads the record of a trained model's folder."""
        return cls.model_validate_json((folder / RECORD).read_text(encoding="utf-8"))


def connect(experiment: str) -> None:
    """Makes sure that the server answers, and chooses the experiment.

    Raises:
        Stop: The server cannot be reached, or refuses.
    """
    uri = mlflow.get_tracking_uri()
    address = urlsplit(uri)
    try:
        if address.scheme in ("http", "https"):
            # MLflow itself tries for minutes before it says so.
            port = address.port or (443 if address.scheme == "https" else 80)
            socket.create_connection((str(address.hostname), port), timeout=5).close()
        # Two processes that create the SQLite store at once break it.
        lock = FileLock(f"{address.path[1:]}.lock") if address.scheme == "sqlite" else nullcontext()
        with lock:
            mlflow.set_experiment(experiment)
            # Without it, MLflow's page opens on traces of language models.
            mlflow.set_experiment_tag("mlflow.experimentKind", "custom_model_development")
    except (OSError, MlflowException) as error:
        # Without what is before the @: it may be a password, and logs are read by many.
        shown = uri.replace(address.netloc, address.netloc.rpartition("@")[2])
        raise Stop(
            f"MLflow at {shown} cannot be used: {error}; start it, or set MLFLOW_TRACKING_URI"
        ) from None


@contextmanager
def start(
    experiment: str,
    params: Mapping[str, Any],
    tags: Mapping[str, str],
    name: str | None = None,
    parent: str | None = None,
) -> Iterator[Record]:
    """A new run, active in the body; it is marked as failed where the body fails.

    Args:
        experiment: The pipeline's name.
        params: Nested; keys are joined with dots.
        tags: Besides MLflow's own.
        name: Shown by MLflow; left out, it makes one up.
        parent: The run that this one is nested in.
    """
    flat = dict(flatten(params))
    nested = parent is not None
    with mlflow.start_run(
        run_name=name, nested=nested, parent_run_id=parent, tags=dict(tags)
    ) as run:
        mlflow.log_params(flat)
        yield Record(run_id=run.info.run_id, experiment=experiment, params=flat, tags=dict(tags))
        mlflow.flush_async_logging()


@contextmanager
def resume(record: Record) -> Iterator[str]:
    """The run of a trained model, active in the body; its id.

    Where the server does not know it, since the model came from a cache that others share, a new
    run is written from the record, once, and said so.
    """
    connect(record.experiment)
    client = MlflowClient()
    known = _find(client, record)
    if known is None:
        tags = {**record.tags, ORIGIN: record.run_id}
        with start(record.experiment, record.params, tags) as copy:
            log_history(record.history)
            known = copy.run_id
        sys.stderr.write(f"MLflow does not know run {record.run_id}; written anew as {known}\n")
    with mlflow.start_run(run_id=known):
        yield known


def _find(client: MlflowClient, record: Record) -> str | None:
    try:
        if client.get_run(record.run_id).info.lifecycle_stage == LifecycleStage.ACTIVE:
            return record.run_id
    except MlflowException:
        pass  # unknown here: perhaps an earlier stage has written it anew
    experiment = client.get_experiment_by_name(record.experiment)
    ids = [experiment.experiment_id] if experiment else []
    copies = client.search_runs(ids, f"tags.`{ORIGIN}` = '{record.run_id}'", max_results=1)
    return copies[0].info.run_id if copies else None


def log_history(history: Mapping[str, Sequence[float]]) -> None:
    """Logs learning curves, one step an epoch."""
    for epoch in range(min(map(len, history.values()), default=0)):
        mlflow.log_metrics({name: values[epoch] for name, values in history.items()}, step=epoch)


def log_metrics(metrics: Mapping[str, float]) -> None:
    """Adds metrics to the active run."""
    mlflow.log_metrics(dict(metrics))


def log_rows(rows: Sequence[Mapping[str, Any]], name: str, key: str) -> None:
    """Adds a table to the active run, and its numbers as metrics `name/key/column`."""
    mlflow.log_table({column: [row[column] for row in rows] for column in rows[0]}, f"{name}.json")
    log_metrics(
        {
            f"{name}/{row[key]}/{column}": value
            for row in rows
            for column, value in row.items()
            if isinstance(value, int | float)
        }
    )


def log_file(path: Path, folder: str | None = None) -> None:
    """Adds a file to the active run."""
    mlflow.log_artifact(str(path), folder)


class Curves(keras.callbacks.Callback):
    """Logs each epoch's metrics as one request, without waiting for it."""

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Called by Keras."""
        values = {name: float(value) for name, value in (logs or {}).items()}
        mlflow.log_metrics(values, step=epoch, synchronous=False)
