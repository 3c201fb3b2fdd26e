"""What must be so after a run, whatever was done to it."""

import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from scripts.chaos.airflow import Airflow, of_stages
from scripts.chaos.project import PIPELINE, Run

SETTLED_S = 30  # for what is to end by itself: a guard gives a stage twenty seconds


def broken(airflow: Airflow, run: Run, state: str) -> list[str]:
    """What is not so; empty where all is well."""
    due = int(run.graph is PIPELINE and state == "success")
    return [*_ended(airflow, run, state), *registered(airflow, due), *_left(airflow)]


def _ended(airflow: Airflow, run: Run, state: str) -> Iterator[str]:
    """The branch has the bytes of an undisturbed run, or the log says why not."""
    place = airflow.place
    if state == "success":
        branch = f"airflow/{run.graph.name}/{run.id}"
        ours, theirs = place.of_branch(run), place.undisturbed(run.graph)
        for path in sorted(ours.keys() | theirs.keys()):
            if ours.get(path) != theirs.get(path):
                yield f"{path} is not that of an undisturbed run"
        subjects = place.git("log", "--format=%s", branch, "--not", "main", cwd=place.origin)
        for subject, count in Counter(subjects.splitlines()).items():
            if count > 1:
                yield f"{subject!r} was published {count} times"
        for name, task in airflow.tasks(run).items():
            if task["state"] != "success" and name != "fingerprint":  # which `open` has run
                yield f"{name} is {task['state']}, though this run has made it"
        if place.folder(run).exists():
            yield "a workspace is left of a run that is green"
    elif not (told := sentence(airflow, run)) or "Traceback" in told:
        yield "the run is red, and does not say why"


def registered(airflow: Airflow, due: int) -> Iterator[str]:
    """As many versions of models as are due have come since this was asked last."""
    if (made := airflow.tracking.new_versions()) != due:
        yield f"{made} versions were registered, and not {due}"
    for one in airflow.tracking.running():
        yield f"MLflow's run {one} is left RUNNING"


def _left(airflow: Airflow) -> Iterator[str]:
    """Nothing is half-written, and nothing works for a run that has ended."""
    place = airflow.place
    begun = time.monotonic()
    while (left := of_stages(place.workspaces)) and time.monotonic() - begun < SETTLED_S:
        time.sleep(0.5)
    for process in left:
        yield f"process {process.pid} is left"
    # Not in the remote: DVC, where that is full, leaves temporary files there, and reads none.
    for folder in (place.home / "millrace", place.project / ".dvc"):
        for path in folder.rglob("*"):
            if is_partial(path):
                yield f"{path.relative_to(place.base)} is left"


def is_partial(path: Path) -> bool:
    """Whether a name is one of those that are given to what is not whole."""
    return bool(re.search(r"\.partial$|\.part$|\.tmp$|^tmp_obj", path.name)) and path.is_file()


def sentence(airflow: Airflow, run: Run) -> str:
    """The last that the tasks which failed have said."""
    tasks = airflow.tasks(run)
    said = [
        airflow.log(run, name, task["try_number"]).strip().splitlines()[-1:]
        for name, task in tasks.items()
        if task["state"] == "failed"
    ]
    return " ".join(line for lines in said for line in lines)
