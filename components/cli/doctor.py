"""What is installed and reachable, and what killed runs have left."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from components.base import repository, rwlock
from components.base.errors import Stop
from components.base.files import partials, sweep
from components.base.words import size_of
from components.cli import project
from components.cli.terminal import console
from components.config.params import Params

LIBRARIES = ("keras", "tensorflow", "jax", "dvc", "mlflow", "apache-airflow", "optuna", "datasets")
DEVICES = "import keras; print(', '.join(keras.distribution.list_devices()) or 'the CPU alone')"
WANTED_BYTES = 5_000_000_000  # of disk, below which it is said

Finding = tuple[str, bool, str]
"""What was looked at, whether it is well, and what was seen."""


def examine() -> int:
    """Prints what was found; 1 where something is wrong, else 0."""
    shown = console()
    is_well = True
    for look in LOOKS:
        for what, well, seen in _tried(look):
            shown.print(f"{'ok  ' if well else 'LOOK'}  {what:<14} {seen}")
            is_well &= well
    return 0 if is_well else 1


def _tried(look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except Stop as error:
        yield look.__name__.strip("_"), False, str(error)


def _python() -> Iterator[Finding]:
    yield "python", (3, 11) <= sys.version_info < (3, 14), sys.version.split()[0]


def _libraries() -> Iterator[Finding]:
    for name in LIBRARIES:
        try:
            yield name, True, version(name)
        except PackageNotFoundError:
            yield name, False, "not installed: make run"


def _params() -> Iterator[Finding]:
    params = Params.load(Path("params.yaml"))
    yield "pipelines", True, ", ".join(params.pipelines)
    yield "backend", True, params.backend
    yield "workers", True, params.dask or f"{os.cpu_count()} processors of this machine"


def _devices() -> Iterator[Finding]:
    backend = Params.load(Path("params.yaml")).backend
    done = subprocess.run(  # noqa: S603  our own arguments
        [sys.executable, "-c", DEVICES],
        env={**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout if done.returncode == 0 else done.stderr
    yield "devices", done.returncode == 0, (said.strip().splitlines() or ["nothing"])[-1]


def _tracking() -> Iterator[Finding]:
    import mlflow
    from mlflow import MlflowClient

    from components.run import tracking

    name = project.active()[0]
    client = tracking.connect(name)  # ends the runs of the dead, too
    shown = tracking.masked(mlflow.get_tracking_uri())
    experiments = [one.experiment_id for one in MlflowClient().search_experiments()]
    ended = tracking.end_dead(client, *experiments)
    live = client.search_runs(experiments, "attributes.status = 'RUNNING'")
    yield "mlflow", True, f"{shown} answers; {len(live)} runs are running"
    if ended:
        yield "mlflow", True, f"{len(ended)} runs of processes that are dead were ended"


def _git() -> Iterator[Finding]:
    here = Path()
    yield "git", True, repository.unseen(here, repository.head(here)) or "clean"


def _disk() -> Iterator[Finding]:
    free = shutil.disk_usage(".").free
    yield "disk", free > WANTED_BYTES, f"{size_of(free)} free"


def _locks() -> Iterator[Finding]:
    """DVC's own locks name their processes, and DVC removes those of the dead by itself."""
    for path in (rwlock.LOCK, rwlock.LOCK.with_name("lock")):
        if path.exists() and path.stat().st_size and '"pid"' in path.read_text(errors="ignore"):
            yield "dvc", True, f"{path}: a stage is running, or was killed; the next run tells"


def _partials() -> Iterator[Finding]:
    """What killed processes have left; it is removed."""
    for top in ("data", "packages", "reports", "measured", "accepted"):
        folders = [Path(top), *Path(top).glob("*"), *Path(top).glob("*/*")]
        for folder in (one for one in folders if one.is_dir()):
            for left in partials(folder):
                name = left.name[1:].rpartition(".partial")[0].rpartition(".")[0]
                sweep(folder / name)
                yield "files", *_state(left)


def _state(left: Path) -> tuple[bool, str]:
    """What became of a folder that was to be swept away."""
    if not left.exists():
        return True, f"{left} was left by a kill, and is removed"
    if os.access(left, os.W_OK):
        return True, f"{left} is being written"
    return False, f"{left} is {left.owner()}'s, as may be more: give all to who runs (chown)"


def _remote() -> Iterator[Finding]:
    """DVC takes what a remote has for what it was told to fetch, unless it is told to look."""
    call = [sys.executable, "-m", "dvc", "config", "--list"]
    done = subprocess.run(call, capture_output=True, text=True, check=False)  # noqa: S603
    config = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    if name := config.get("core.remote"):
        is_checked = config.get(f"remote.{name}.verify") == "true"
        advice = f"files from it are not checked: dvc remote modify {name} verify true"
        yield "dvc remote", is_checked, f"{name}: {'files are checked' if is_checked else advice}"


LOOKS = (
    _python,
    _libraries,
    _params,
    _devices,
    _tracking,
    _git,
    _remote,
    _disk,
    _locks,
    _partials,
)
