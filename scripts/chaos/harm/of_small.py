"""Harm to runs of the small graph."""

import fcntl
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from shlex import quote

from scripts.chaos.airflow import QUICK, Airflow
from scripts.chaos.harm.disks import frozen, full, small_disk
from scripts.chaos.harm.moments import Processes, has_failed, part, runner, said, stages
from scripts.chaos.project import STAGES, Run

TIMEOUT_S = int(QUICK["AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT"])
PAUSE_S = TIMEOUT_S + 8
OUTAGE_S = 10
PUSHES = {"open": "refs/heads/*", "close": "refs/millrace/*"}
"""By task that is no stage, the refs that it pushes, as a pattern of the shell's."""


def kill_task(airflow: Airflow, run: Run) -> None:
    """kill -9 of the task's own process, in each stage."""
    in_each_stage(airflow, run, lambda found: found.runner.kill())


def kill_worker(airflow: Airflow, run: Run) -> None:
    """kill -9 of the process of the executor that looks after the task, in each stage."""
    in_each_stage(airflow, run, lambda found: found.worker.kill())


def kill_stage(airflow: Airflow, run: Run) -> None:
    """kill -9 of the stage itself, as the kernel does where memory is short."""
    in_each_stage(airflow, run, lambda found: found.stage.kill())


def kill_guard(airflow: Airflow, run: Run) -> None:
    """kill -9 of what ends a stage when its task dies."""
    with_stage(airflow, run, "one").guard.kill()


def kill_open(airflow: Airflow, run: Run) -> None:
    """kill -9 of the task that opens a run, while git clones or DVC reads."""
    _kill_of(airflow, run, "open")


def kill_close(airflow: Airflow, run: Run) -> None:
    """kill -9 of the task that closes a run."""
    _kill_of(airflow, run, "close")


def scheduler(airflow: Airflow, run: Run) -> None:
    """kill -9 of the scheduler, in a stage."""
    with_stage(airflow, run, "one")
    part(airflow, "scheduler").kill()


def api_server(airflow: Airflow, run: Run) -> None:
    """kill -9 of the API server, in a stage."""
    with_stage(airflow, run, "one")
    part(airflow, "api-server").kill()


def dag_processor(airflow: Airflow, run: Run) -> None:
    """kill -9 of the process that reads the DAGs, in a stage."""
    with_stage(airflow, run, "one")
    part(airflow, "dag-processor").kill()


def pause(airflow: Airflow, run: Run) -> None:
    """The task and all that looks after it stand still for longer than Airflow waits."""
    worker = with_stage(airflow, run, "one").worker
    stopped = [worker, *worker.children(recursive=True)]
    for process in stopped:
        process.suspend()
    time.sleep(PAUSE_S)
    for process in stopped:
        process.resume()


def dvc_lock(airflow: Airflow, run: Run) -> None:
    """Another process has DVC's lock of the workspace for ten seconds, when the stage ends."""
    found = with_stage(airflow, run, "one")
    with (found.folder / ".dvc" / "tmp" / "lock").open("a") as lock:
        airflow.until(lambda: not found.stage.is_running() or _locked(lock.fileno()))
        time.sleep(OUTAGE_S)


def repository(airflow: Airflow, run: Run) -> None:
    """The repository is gone when a stage ends, until its task has failed."""
    _outage(airflow, run, airflow.place.origin)


def remote(airflow: Airflow, run: Run) -> None:
    """DVC's remote is gone when a stage ends, until its task has failed."""
    _outage(airflow, run, airflow.place.remote)


def remote_full(airflow: Airflow, run: Run) -> None:
    """No space is left for DVC's remote, until somebody makes some."""
    with small_disk(airflow.place.remote) as disk:
        _without_space(airflow, run, disk)


def slow_remote(airflow: Airflow, run: Run) -> None:
    """DVC's remote stands still when a stage ends, for longer than Airflow waits for a task."""
    with small_disk(airflow.place.remote) as disk:
        stage = with_stage(airflow, run, "one").stage
        with frozen(disk):
            airflow.until(lambda: not stage.is_running())
            time.sleep(PAUSE_S)
        airflow.ended(run)


def disk_full(airflow: Airflow, run: Run) -> None:
    """No space is left for the worker's own folder, until somebody makes some."""
    with small_disk(airflow.place.home / "millrace") as disk:
        _without_space(airflow, run, disk)


def database(airflow: Airflow, run: Run) -> None:
    """Airflow's database takes nothing in a stage, for longer than who asks it waits."""
    with_stage(airflow, run, "one")
    file = airflow.place.home / "airflow.db"
    with closing(sqlite3.connect(file, timeout=60, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        time.sleep(PAUSE_S)


def git_lock(airflow: Airflow, run: Run) -> None:
    """A git that was killed has left its locks in the workspace."""
    found = with_stage(airflow, run, "one")
    for name in ("index.lock", "HEAD.lock", "refs/remotes/origin/run.lock"):
        (found.folder / ".git" / name).touch()
    found.runner.kill()


def nothing(airflow: Airflow, run: Run) -> None:
    """No harm, for comparison."""


HARM: dict[str, Callable[[Airflow, Run], None]] = {
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
        slow_remote,
        disk_full,
        database,
    )
}


def in_each_stage(airflow: Airflow, run: Run, harm: Callable[[Processes], object]) -> None:
    """Does harm once to each stage, in the order in which they happen to be half done."""
    left = set(STAGES)

    def half_done() -> tuple[str, Processes] | None:
        found = ((name, _half_done(airflow, run, name)) for name in left)
        return next(((name, one) for name, one in found if one), None)

    while left:
        name, processes = airflow.until(half_done)
        harm(processes)
        left.remove(name)


def with_stage(airflow: Airflow, run: Run, stage: str) -> Processes:
    """Waits for a stage to be half done."""
    return airflow.until(lambda: _half_done(airflow, run, stage))


def _half_done(airflow: Airflow, run: Run, stage: str) -> Processes | None:
    found = stages(airflow, run, "stage.py", stage)
    return next((one for one in found if (one.folder / "small" / stage).exists()), None)


def _kill_of(airflow: Airflow, run: Run, task: str) -> None:
    """Kills the process of a task that is no stage, in its work: before it has pushed its refs."""
    with _held(airflow.place.origin, PUSHES[task]):
        airflow.until(lambda: airflow.tasks(run)[task]["state"] == "running")
        airflow.until(lambda: runner(airflow, run)).kill()


@contextmanager
def _held(repository: Path, refs: str) -> Iterator[None]:
    """No push to refs of a pattern comes to its end meanwhile."""
    held, hook = repository / "held", repository / "hooks" / "update"
    wait = f"while test -e {quote(str(held))}; do sleep 0.1; done"
    hook.write_text(f'#!/bin/sh\ncase "$1" in {refs}) {wait};; esac\n')
    hook.chmod(0o755)
    held.touch()
    try:
        yield
    finally:
        held.unlink()


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _without_space(airflow: Airflow, run: Run, disk: Path) -> None:
    """Fills a disk in a stage, until its task has failed twice: begun before that, and after."""
    with_stage(airflow, run, "one")
    with full(disk):
        airflow.until(lambda: airflow.tasks(run)["one"]["try_number"] > 2)
    if "No space left" not in said(airflow, run, "one"):
        raise RuntimeError("no task has said that the disk is full")
    airflow.ended(run)


def _outage(airflow: Airflow, run: Run, folder: Path) -> None:
    """A folder is a file, so that nobody makes it anew, until a task has failed of it."""
    with_stage(airflow, run, "one")
    away = folder.with_name(f"{folder.name}.away")
    folder.rename(away)
    folder.touch()
    try:
        airflow.until(lambda: has_failed(airflow, run, "one"))
    finally:
        folder.unlink()
        away.rename(folder)
