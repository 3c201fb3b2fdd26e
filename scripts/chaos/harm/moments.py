"""The processes of a run, and the moments at which they are met."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from scripts.chaos.airflow import Airflow, of_stages
from scripts.chaos.project import Run


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


def stages(airflow: Airflow, run: Run, *words: str) -> Iterator[Processes]:
    """The stages of a run that have begun, by the first arguments of their Python."""
    for process in of_stages(airflow.place.folder(run)):
        with suppress(psutil.Error, OSError, ValueError):
            if tuple(process.cmdline()[1 : 1 + len(words)]) == words:
                yield Processes(process)


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


def runner(airflow: Airflow, run: Run) -> psutil.Process | None:
    """The process of whatever task of a run has begun to work."""
    for process in of_stages(airflow.place.folder(run)):
        with suppress(psutil.Error):
            for one in process.parents():
                title = " ".join(one.cmdline())
                if title.startswith("airflow worker -- ") and "Executor" not in title:
                    return one
    return None


def has_failed(airflow: Airflow, run: Run, task: str) -> bool:
    """Whether a task has been tried in vain."""
    found = airflow.tasks(run)[task]
    return bool(found["state"] == "up_for_retry" or found["try_number"] > 1)


def said(airflow: Airflow, run: Run, task: str) -> str:
    """What all tries of a task have said."""
    tries = airflow.tasks(run)[task]["try_number"]
    return "".join(airflow.log(run, task, number) for number in range(1, tries + 1))
