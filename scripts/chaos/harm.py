"""The harm: each function waits for its moment in a run that goes on, and does it."""

import fcntl
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from scripts.chaos.airflow import QUICK, Airflow, of_stages
from scripts.chaos.project import DAG, OUTS

TIMEOUT_S = int(QUICK["AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT"])
OUTAGE_S = 10


def kill_task(airflow: Airflow, run: str) -> None:
    """kill -9 of the task's own process, in each stage."""
    in_each_stage(airflow, run, lambda found: found.runner.kill())


def kill_worker(airflow: Airflow, run: str) -> None:
    """kill -9 of the process of the executor that looks after the task, in each stage."""
    in_each_stage(airflow, run, lambda found: found.worker.kill())


def kill_stage(airflow: Airflow, run: str) -> None:
    """kill -9 of the stage itself, as the kernel does where memory is short."""
    in_each_stage(airflow, run, lambda found: found.stage.kill())


def kill_guard(airflow: Airflow, run: str) -> None:
    """kill -9 of what ends a stage when its task dies."""
    with_stage(airflow, run, "one", lambda found: found.guard.kill())


def kill_open(airflow: Airflow, run: str) -> None:
    """kill -9 of the task that opens a run, while git clones or DVC reads."""
    _kill_of(airflow, run, "open")


def kill_close(airflow: Airflow, run: str) -> None:
    """kill -9 of the task that closes a run."""
    _kill_of(airflow, run, "close")


def scheduler(airflow: Airflow, run: str) -> None:
    """kill -9 of the scheduler, in a stage."""
    with_stage(airflow, run, "one", lambda _: part(airflow, "scheduler").kill())


def api_server(airflow: Airflow, run: str) -> None:
    """kill -9 of the API server, in a stage."""
    with_stage(airflow, run, "one", lambda _: part(airflow, "api-server").kill())


def dag_processor(airflow: Airflow, run: str) -> None:
    """kill -9 of the process that reads the DAGs, in a stage."""
    with_stage(airflow, run, "one", lambda _: part(airflow, "dag-processor").kill())


def pause(airflow: Airflow, run: str) -> None:
    """The task and all that looks after it stand still for longer than Airflow waits."""

    def harm(found: "Processes") -> None:
        stopped = [found.worker, *found.worker.children(recursive=True)]
        for process in stopped:
            process.suspend()
        time.sleep(TIMEOUT_S + 8)
        for process in stopped:
            process.resume()

    with_stage(airflow, run, "one", harm)


def dvc_lock(airflow: Airflow, run: str) -> None:
    """Another process has DVC's lock of the workspace for ten seconds, when the stage ends."""

    def harm(found: "Processes") -> None:
        file = found.folder / ".dvc" / "tmp" / "lock"
        with file.open("a") as lock:
            airflow.until(lambda: not found.stage.is_running() or _locked(lock.fileno()))
            time.sleep(OUTAGE_S)

    with_stage(airflow, run, "one", harm)


def repository(airflow: Airflow, run: str) -> None:
    """The repository is gone when a stage ends, until its task has failed."""
    with_stage(airflow, run, "one", lambda _: _outage(airflow, run, airflow.place.origin))


def remote(airflow: Airflow, run: str) -> None:
    """DVC's remote is gone when a stage ends, until its task has failed."""
    with_stage(airflow, run, "one", lambda _: _outage(airflow, run, airflow.place.remote))


def remote_full(airflow: Airflow, run: str) -> None:
    """No space is left for DVC's remote, until somebody makes some."""
    with _small_disk(airflow.place.remote) as disk:
        with_stage(airflow, run, "one", lambda _: _fill(disk))
        airflow.until(lambda: "No space left" in _said(airflow, run, "one"))
        (disk / "full").unlink()
        airflow.ended(DAG, run)


def git_lock(airflow: Airflow, run: str) -> None:
    """A git that was killed has left its locks in the workspace."""

    def harm(found: "Processes") -> None:
        for name in ("index.lock", "HEAD.lock", "refs/remotes/origin/run.lock"):
            (found.folder / ".git" / name).touch()
        found.runner.kill()

    with_stage(airflow, run, "one", harm)


def nothing(airflow: Airflow, run: str) -> None:
    """No harm, for comparison."""


HARM: dict[str, Callable[[Airflow, str], None]] = {
    one.__name__: one
    for one in (
        nothing,
        kill_task,
        kill_worker,
        kill_stage,
        kill_guard,
        kill_open,
        kill_close,
        scheduler,
        api_server,
        dag_processor,
        pause,
        dvc_lock,
        git_lock,
        repository,
        remote,
        remote_full,
    )
}


class Processes:
    """Those of a stage that runs.

    Args:
        stage: The innermost, which is the stage's Python.
    """

    def __init__(self, stage: psutil.Process) -> None:
        self.stage = stage
        above = stage.parents()
        names = [" ".join(one.cmdline()) for one in above]
        (at,) = [at for at, name in enumerate(names) if "guard.py" in name]
        self.guard, self.runner, self.worker = above[at : at + 3]
        self.folder = Path(self.guard.cwd())


def in_each_stage(airflow: Airflow, run: str, harm: Callable[[Processes], object]) -> None:
    """Does harm once to each stage, in the order in which they happen to be half done."""
    left = set(OUTS)

    def half_done() -> tuple[str, Processes] | None:
        found = ((name, _stage(airflow, run, name)) for name in left)
        return next(((name, one) for name, one in found if one), None)

    while left:
        name, processes = airflow.until(half_done)
        harm(processes)
        left.remove(name)


def with_stage(airflow: Airflow, run: str, stage: str, harm: Callable[[Processes], object]) -> None:
    """Waits for a stage to be half done, and does harm."""
    harm(airflow.until(lambda: _stage(airflow, run, stage)))


def _stage(airflow: Airflow, run: str, stage: str) -> Processes | None:
    for process in of_stages(airflow.place.workspaces / DAG / run):
        with suppress(psutil.Error, OSError, ValueError):
            is_it = process.cmdline()[1:3] == ["stage.py", stage]
            if is_it and (Path(process.cwd()) / stage).exists():
                return Processes(process)
    return None


def part(airflow: Airflow, name: str) -> psutil.Process:
    """One of the parts that the supervisor looks after."""
    (supervisor,) = airflow.guard.children()
    words = {name, name.replace("-", "_")}
    (found,) = [
        one
        for one in supervisor.children()
        if any(f"airflow {word}" in " ".join(one.cmdline()) for word in words)
    ]
    return found


def _kill_of(airflow: Airflow, run: str, task: str) -> None:
    """Kills the process of a task that is no stage, as soon as it has begun to work."""
    folder = airflow.place.workspaces / DAG / run
    airflow.until(lambda: airflow.tasks(DAG, run)[task]["state"] == "running")

    def runner() -> psutil.Process | None:
        for process in of_stages(folder):
            with suppress(psutil.Error):
                for one in process.parents():
                    title = " ".join(one.cmdline())
                    if title.startswith("airflow worker -- ") and "Executor" not in title:
                        return one
        return None

    airflow.until(runner).kill()


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _small_disk(folder: Path) -> Iterator[Path]:
    """Puts a disk of 64 MB in the place of a folder; what is on it in the end stays."""
    _root("mount", "-t", "tmpfs", "-o", "size=64m", "chaos", str(folder))
    try:
        yield folder
        shutil.copytree(folder, kept := folder.with_name(f"{folder.name}.kept"), symlinks=True)
    finally:
        _root("umount", "--lazy", str(folder))
    shutil.copytree(kept, folder, symlinks=True, dirs_exist_ok=True)
    shutil.rmtree(kept)


def _root(*command: str) -> None:
    """Runs what only root may."""
    subprocess.run(command, check=True)  # noqa: S603  our own arguments


def _fill(disk: Path) -> None:
    """Leaves no byte."""
    with (disk / "full").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


def _said(airflow: Airflow, run: str, task: str) -> str:
    tries = airflow.tasks(DAG, run)[task]["try_number"]
    return "".join(airflow.log(DAG, run, task, number) for number in range(1, tries + 1))


def _outage(airflow: Airflow, run: str, folder: Path) -> None:
    """A folder is a file, so that nobody makes it anew, until the first task has failed of it."""
    away = folder.with_name(f"{folder.name}.away")
    folder.rename(away)
    folder.touch()
    try:
        airflow.until(lambda: _has_failed(airflow.tasks(DAG, run)["one"]))
    finally:
        folder.unlink()
        away.rename(folder)


def _has_failed(task: Mapping[str, Any]) -> bool:
    return bool(task["state"] == "up_for_retry" or task["try_number"] > 1)
