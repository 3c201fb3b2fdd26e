"""What a stage costs under `make airflow`, against the same stage under `dvc repro`.

    python benchmarks/airflow_overhead.py [seconds]

One stage sleeps for as long as is said (60 s). Besides: the time from the trigger to the first
task, and a run in which nothing has changed.
"""

import shutil
import signal
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import common  # noqa: F401  finds the project

from scripts.chaos.airflow import Airflow
from scripts.chaos.project import SMALL, Place, Run
from scripts.chaos.tracking import Tracking


def seconds_between(first: str, last: str) -> float:
    """Between two times as Airflow's API gives them."""
    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()


def by_dvc(place: Place) -> tuple[float, float]:
    """Seconds of `dvc repro` in a clone, and of a second one with nothing to do."""
    clone = place.base / "clone"
    place.git("clone", "-q", str(place.project), str(clone))
    taken = []
    for _ in range(2):
        begun = time.monotonic()
        place.dvc("repro", f"{SMALL.file}:one", cwd=clone)
        taken.append(time.monotonic() - begun)
    return taken[0], taken[1]


def main(seconds: float) -> None:
    """Prints the figures."""
    base = Path(tempfile.mkdtemp(prefix="overhead-"))
    place = Place(base, seconds=seconds, stages={"one": ()})
    alone, idle = by_dvc(place)
    with Tracking(base / "mlflow") as tracking, Airflow(place, tracking) as airflow:
        runs = []
        for run in (Run(SMALL, "first"), Run(SMALL, "second")):
            airflow.run(run)
            state = airflow.ended(run, 600 + seconds)
            assert state == "success", state  # noqa: S101
            runs.append(airflow.ask("GET", f"/dags/{SMALL.name}/dagRuns/{run.id}"))
        tasks = airflow.tasks(Run(SMALL, "first"))
    task = tasks["one"]["duration"]
    opened = seconds_between(runs[0]["queued_at"], tasks["open"]["start_date"])
    whole, nothing = (seconds_between(run["queued_at"], run["end_date"]) for run in runs)
    print(
        f"a stage of {seconds:.0f} s: {alone:.1f} s by dvc repro, {task:.1f} s as a task: "
        f"ratio {task / alone:.2f}\n"
        f"its whole run: {whole:.1f} s, from the trigger to the first task {opened:.1f} s\n"
        f"nothing has changed: {idle:.1f} s by dvc repro, {nothing:.1f} s as a run: "
        f"ratio {nothing / idle:.1f}"
    )
    shutil.rmtree(base)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # Airflow is ended then too
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60)
