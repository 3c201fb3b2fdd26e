"""MLflow: one run for each training, that follows it live.

Where the server is, MLflow reads from MLFLOW_TRACKING_URI; without it, everything is in
`mlflow.db` and `mlruns/` of the working directory, which for a stage is the project.

Nothing that a server says goes into an output. A trained model's run is found by the tag MODEL, a
hash of the model's files; so it is found again wherever the files come from.
"""

import json
import logging
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote, urlsplit

import mlflow
from filelock import FileLock
from mlflow import MlflowClient
from mlflow.entities import LifecycleStage, Metric, Param, RunStatus, RunTag
from mlflow.exceptions import MlflowException
from mlflow.tracking.context.registry import resolve_tags

from components.base.errors import Stop, Unavailable
from components.base.files import replacing
from components.config.overrides import flatten
from components.run.owner import Owner, me

MODEL = "millrace.model"
OWNER, HEARTBEAT = "millrace.owner", "millrace.heartbeat"
PARENT = "mlflow.parentRunId"
DIRTY = "millrace.git.dirty"

SLOW = "Read timed out"
CAUSES = re.compile(
    f"Connection refused|{SLOW}|Name or service not known|Connection reset by peer|"
    r"Connection aborted|too many \d+ error responses|attempt to write a readonly database"
)
REFUSED = re.compile(r"\berror code 40[13]\b")  # Unauthorized, Forbidden
PATIENCE_S = 5  # until a server that does not answer is said not to, at the start
BEAT_S = 60  # between two signs of life
FLUSH_S = 2  # between two requests with metrics
PAUSE_S, LONGEST_S = 60, 900  # after one that failed, the first time, and at most
BATCH = 1000  # metrics that MLflow takes in one request, parameters 100
MOST = 50_000  # runs that it gives in one answer
DIFFERENCE_BYTES = 1_000_000

# Its news of tables made and experiments found are of no use to whoever trains a model.
logging.getLogger("mlflow").setLevel(logging.WARNING)
logging.getLogger("alembic").setLevel(logging.WARNING)


def connect(experiment: str) -> MlflowClient:
    """Makes sure that the server answers and has the experiment, and ends runs of the dead.

    Raises:
        Stop: The server cannot be reached, or refuses.
    """
    uri = mlflow.get_tracking_uri()
    store = store_file()
    # Two processes that create the SQLite store at once break it.
    lock = FileLock(f"{store}.lock") if store else nullcontext()
    try:
        with _impatient(), lock:
            if store and not os.path.exists(store):
                _make(Path(store))
            client = MlflowClient()
            if (known := client.get_experiment_by_name(experiment)) is None:
                # Not of language models, though MLflow 3.17 opens it on traces from its list.
                tags = {"mlflow.experimentKind": "custom_model_development"}
                client.create_experiment(experiment, tags=tags)
        if known is not None and known.lifecycle_stage != LifecycleStage.ACTIVE:
            raise Stop(
                f"MLflow's experiment '{experiment}' was deleted; bring it back: "
                f"mlflow experiments restore --experiment-id {known.experiment_id}"
            )
        if known is not None:
            end_dead(client, known.experiment_id)
    except _failures(store) as error:
        said = why(error)
        advice = "start it, or set MLFLOW_TRACKING_URI"
        if REFUSED.search(said):
            advice = (
                "say who asks: MLFLOW_TRACKING_USERNAME and _PASSWORD, or MLFLOW_TRACKING_TOKEN"
            )
        if said == SLOW:
            advice += f", or give it more than {PATIENCE_S} s: MLFLOW_HTTP_REQUEST_TIMEOUT=60"
        raise Unavailable(f"MLflow at {masked(uri)} cannot be used: {said}; {advice}") from None
    return client


def _failures(store: str | None) -> tuple[type[Exception], ...]:
    """How a client fails. A file fails as SQLAlchemy does, whose import takes half a second."""
    if store is None:
        return OSError, MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    return OSError, MlflowException, SQLAlchemyError


def _make(store: Path) -> None:
    """Makes an empty store beside and renames it: tables that are half made cannot be mended."""
    with replacing(store) as beside:
        beside.touch()  # SQLite lets nobody else write what it makes, whatever the umask says
        MlflowClient(f"sqlite:///{beside}").search_experiments()


def store_file() -> str | None:
    """The path of the file that MLflow's store is in; None where it is a server."""
    address = urlsplit(mlflow.get_tracking_uri())
    return unquote(address.path[1:]) if address.scheme == "sqlite" else None


@contextmanager
def _impatient() -> Iterator[None]:
    """MLflow by itself waits for an answer for two minutes, seven times."""
    limits = {
        "MLFLOW_HTTP_REQUEST_TIMEOUT": str(PATIENCE_S),
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    }
    given = {name: os.environ.get(name) for name in limits}
    os.environ.update({name: value for name, value in limits.items() if given[name] is None})
    try:
        yield
    finally:
        for name in limits:
            if given[name] is None:
                del os.environ[name]


def why(error: Exception) -> str:
    """The last cause of an error, which is the first to say something, without passwords."""
    text = masked(str(error))
    if known := CAUSES.search(text):
        return known[0]
    return text.strip().splitlines()[0] if text.strip() else type(error).__name__


def masked(text: str) -> str:
    """Addresses without what is before the @: it may be a password, and logs are read by many."""
    return re.sub(r"//[^/\s]+@", "//", text)


class Live:
    """An MLflow run that is written while something runs.

    A server that dies meanwhile costs its records, not the work: what it does not take is said
    once, tried again after a minute and then ever more seldom, and at the end.

    Args:
        client: Of the server.
        run_id: The run.
        experiment: The id of its experiment.
    """

    def __init__(self, client: MlflowClient, run_id: str, experiment: str = "") -> None:
        self.client, self.run_id, self.experiment = client, run_id, experiment
        self._metrics: list[Metric] = []
        self._has_warned = False
        self._patience = ExitStack()
        self._tried_again, self._pause_s = 0.0, PAUSE_S
        self._beaten = time.monotonic()
        self._sending = threading.Lock()
        self._ended = threading.Event()
        self._heart = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Self:
        self._patience.enter_context(_impatient())
        self._heart.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._ended.set()
        self._heart.join()
        self.flush()
        status = RunStatus.FINISHED if kind is None else RunStatus.FAILED
        if kind is not None and not issubclass(kind, Exception):  # Ctrl-C
            status = RunStatus.KILLED
        with self._patience, self._tolerated():
            self.client.set_terminated(self.run_id, RunStatus.to_string(status))

    @property
    def ids(self) -> dict[str, str]:
        """Of the experiment and the run, for whoever makes links to them."""
        return {"experiment": self.experiment, "run": self.run_id}

    def log(self, values: Mapping[str, float], step: int = 0) -> None:
        """Takes metrics, which are sent a few seconds later, many in one request.

        Whoever logs does not wait for the server: a thread of its own sends them.
        """
        now = int(time.time() * 1000)
        self._metrics += [
            Metric("/".join(map(_allowed, key.split("/"))), float(value), now, step)
            for key, value in values.items()
        ]

    def flush(self) -> None:
        """Sends the metrics that are waiting; those that are refused wait on."""
        with self._sending, self._tolerated():
            while sent := self._metrics[:BATCH]:
                self.client.log_batch(self.run_id, metrics=sent)
                del self._metrics[: len(sent)]  # others have come meanwhile

    def tag(self, key: str, value: str) -> None:
        """Adds a tag."""
        with self._tolerated():
            self.client.set_tag(self.run_id, key, value)

    def adopt(self, key: str, value: str) -> None:
        """Nests in this run those of its experiment that have a tag and are nested in none."""
        with self._tolerated():
            experiment = self.client.get_run(self.run_id).info.experiment_id
            query = f"tags.`{key}` = '{value}'"
            for run in self.client.search_runs([experiment], query, max_results=MOST):
                if PARENT not in run.data.tags:
                    self.client.set_tag(run.info.run_id, PARENT, self.run_id)

    def _beat(self) -> None:
        while not self._ended.wait(FLUSH_S):
            self._tick()

    def _tick(self) -> None:
        """Sends what waits, where it is time again, and now and then a sign of life."""
        now = time.monotonic()
        if now > max(self._tried_again, self._beaten + BEAT_S):
            self._beaten = now
            self.tag(HEARTBEAT, str(int(time.time())))
        if now > self._tried_again:
            self.flush()

    @contextmanager
    def _tolerated(self) -> Iterator[None]:
        try:
            yield
            self._pause_s = PAUSE_S
        except Exception as error:  # whatever a client raises, it is not worth the work
            self._tried_again = time.monotonic() + self._pause_s
            self._pause_s = min(2 * self._pause_s, LONGEST_S)
            if not self._has_warned:
                self._has_warned = True
                sys.stderr.write(f"MLflow does not take what is recorded: {why(error)}\n")


@contextmanager
def start(
    client: MlflowClient,
    experiment: str,
    params: Mapping[str, Any],
    tags: Mapping[str, str],
    name: str | None = None,
    parent: str | None = None,
) -> Iterator[Live]:
    """A new run that lives as long as the body, and is marked as failed where that fails.

    Args:
        client: What `connect` gives.
        experiment: The pipeline's name.
        params: Nested; keys are joined with dots.
        tags: Besides MLflow's own.
        name: Shown by MLflow; left out, it makes one up.
        parent: The run that this one is nested in.
    """
    origin = {**signed(), **_scheduled()}
    if parent is not None:
        origin[PARENT] = parent
    difference = _difference()
    if difference:
        origin[DIRTY] = "true"
    try:
        with _impatient():
            found = client.get_experiment_by_name(experiment)
            run_id = create(client, experiment, params, {**tags, **origin}, name)
            if difference and parent is None:
                client.log_text(run_id, difference, "git.diff")
    except (OSError, MlflowException) as error:
        raise Unavailable(f"MLflow takes no new run: {why(error)}") from None
    with Live(client, run_id, str(found.experiment_id)) as run:
        yield run


def signed() -> dict[str, str]:
    """Tags by which `end_dead` knows whether the process that writes a run is alive."""
    return {OWNER: me().text, HEARTBEAT: str(int(time.time()))}


def create(
    client: MlflowClient,
    experiment: str,
    params: Mapping[str, Any],
    tags: Mapping[str, str],
    name: str | None = None,
) -> str:
    """Writes a new run, and gives its id."""
    found = client.get_experiment_by_name(experiment)
    run = client.create_run(found.experiment_id, tags=resolve_tags(dict(tags)), run_name=name)
    run_id = str(run.info.run_id)
    named = {_allowed(key): value[:6000] for key, value in flatten(params)}
    every = [Param(key, value) for key, value in named.items()]
    try:
        for place in range(0, len(every), 100):
            client.log_batch(run_id, params=every[place : place + 100])
    except (OSError, MlflowException):
        with suppress(OSError, MlflowException):
            client.set_terminated(run_id, RunStatus.to_string(RunStatus.FAILED))
        raise
    return run_id


def _allowed(key: str) -> str:
    """A key as MLflow takes it; one may have the name of a column, such as `width (cm)`."""
    return re.sub(r"^\.|[^\w.\- :]", "_", key)[:250]


def log_history(client: MlflowClient, run_id: str, history: Mapping[str, Sequence[float]]) -> None:
    """Adds learning curves, one step an epoch."""
    metrics = [
        Metric(key, float("nan") if value is None else float(value), 0, epoch)
        for key, values in history.items()
        for epoch, value in enumerate(values)
    ]
    for place in range(0, len(metrics), BATCH):
        client.log_batch(run_id, metrics=metrics[place : place + BATCH])


def log(
    client: MlflowClient, run_id: str, metrics: Mapping[str, float], tags: Mapping[str, str]
) -> None:
    """Adds metrics and tags to a run, whatever its state."""
    now = int(time.time() * 1000)
    client.log_batch(
        run_id,
        metrics=[Metric(key, float(value), now, 0) for key, value in metrics.items()],
        tags=[RunTag(key, value) for key, value in tags.items()],
    )


def end_dead(client: MlflowClient, *experiment_ids: str) -> list[str]:
    """Ends the runs whose process can be proved dead, and gives their ids."""
    ended = []
    for run in client.search_runs(list(experiment_ids), "attributes.status = 'RUNNING'"):
        tags = run.data.tags
        with suppress(KeyError, ValueError):  # a run of somebody else's
            heartbeat = float(tags[HEARTBEAT])
            if Owner(**json.loads(tags[OWNER])).is_dead(heartbeat):
                client.set_terminated(run.info.run_id, RunStatus.to_string(RunStatus.KILLED))
                ended.append(str(run.info.run_id))
    return ended


def _scheduled() -> dict[str, str]:
    """Which run of Airflow's this is part of, where there is one."""
    names = {"dag_id": "DAG_ID", "run_id": "DAG_RUN_ID", "try": "TRY_NUMBER"}
    given = {key: os.environ.get(f"AIRFLOW_CTX_{name}") for key, name in names.items()}
    return {f"airflow.{key}": value for key, value in given.items() if value}


def _difference() -> str:
    """How the working tree differs from its last commit; empty where it does not.

    dvc.lock is left out: DVC writes it while the stages run.
    """
    paths = ("--", ".", ":(exclude)dvc.lock")
    try:
        text = _git("status", "--porcelain", *paths) + _git("diff", "HEAD", "--no-color", *paths)
    except (OSError, subprocess.SubprocessError):
        return ""  # no git, or no repository
    if len(text) > DIFFERENCE_BYTES:
        return f"{text[:DIFFERENCE_BYTES]}\n(cut off after {DIFFERENCE_BYTES} characters)\n"
    return text


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    done = subprocess.run(command, capture_output=True, timeout=10, check=True)  # noqa: S603
    return done.stdout.decode(errors="replace")
