"""Does harm to runs of Airflow, and counts: `make chaos`, or with names of what is to be done.

    python -m scripts.chaos kill_task scheduler

Each harm is done in a run of its own; a second run must go green at once. Exit status 1 where
something is not as it must be.
"""

import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from scripts.chaos.airflow import Airflow
from scripts.chaos.check import broken, registered, sentence
from scripts.chaos.harm import of_pipeline, of_small
from scripts.chaos.project import PIPELINE, SMALL, Place, Run
from scripts.chaos.tracking import Tracking

HARM = {**of_small.HARM, **of_pipeline.HARM}


def main(names: list[str]) -> int:
    """Does harm by name, or all of it."""
    if unknown := [name for name in names if name not in HARM]:
        sys.stderr.write(f"no harm {', '.join(unknown)}; there are {', '.join(HARM)}\n")
        return 2
    base = Path(tempfile.mkdtemp(prefix="chaos-"))
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # Airflow is ended then too
    with Tracking(base / "mlflow") as tracking, Airflow(Place(base), tracking) as airflow:
        results = [tried(airflow, name) for name in names or HARM]
    if all(results):
        shutil.rmtree(base)
        return 0
    sys.stdout.write(f"what is left to look at is in {base}\n")
    return 1


def tried(airflow: Airflow, name: str) -> bool:
    """Does one harm, prints its line, and says whether all was well."""
    begun = time.monotonic()
    graph = PIPELINE if name in of_pipeline.HARM else SMALL
    run, state, wrong = Run(graph, name), "", []
    try:
        state = disturbed(airflow, run)
        wrong = broken(airflow, run, state)
        wrong += after(airflow, Run(graph, f"{name}-after"))
    except (TimeoutError, RuntimeError, ValueError) as error:
        wrong.append(str(error))
    row = f"{name:15} {state or '?':8} {time.monotonic() - begun:5.0f} s  {tries(airflow, run)}  "
    told = "; ".join(wrong) or (sentence(airflow, run) if state == "failed" else "as it must be")
    sys.stdout.write(f"{row}{told}\n")
    sys.stdout.flush()
    return not wrong


def disturbed(airflow: Airflow, run: Run) -> str:
    """A run with the harm that it is named after; how it ended."""
    airflow.place.next_round()
    airflow.run(run)
    HARM[run.id](airflow, run)
    return airflow.ended(run)


def after(airflow: Airflow, run: Run) -> list[str]:
    """A further run must go green, with no task tried twice: nothing is left in its way."""
    airflow.run(run)
    state = airflow.ended(run)
    twice = [name for name, one in airflow.tasks(run).items() if one["try_number"] > 1]
    wrong = [] if state == "success" else [f"the run after it is {state}"]
    wrong += registered(airflow, 0)
    return wrong + [f"{name} was tried again in the run after it" for name in twice]


def tries(airflow: Airflow, run: Run) -> str:
    """How often each task was tried."""
    try:
        tasks = airflow.tasks(run)
    except (OSError, LookupError):
        return "no tasks"
    return " ".join(f"{name} {one['try_number']}" for name, one in tasks.items())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
