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
from scripts.chaos.check import broken, sentence
from scripts.chaos.harm import HARM
from scripts.chaos.project import DAG, Place


def main(names: list[str]) -> int:
    """Does harm by name, or all of it."""
    if unknown := [name for name in names if name not in HARM]:
        sys.stderr.write(f"no harm {', '.join(unknown)}; there are {', '.join(HARM)}\n")
        return 2
    base = Path(tempfile.mkdtemp(prefix="chaos-"))
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # Airflow is ended then too
    with Airflow(Place(base)) as airflow:
        results = [tried(airflow, name) for name in names or HARM]
    if all(results):
        shutil.rmtree(base)
        return 0
    sys.stdout.write(f"what is left to look at is in {base}\n")
    return 1


def tried(airflow: Airflow, name: str) -> bool:
    """Does one harm, prints its line, and says whether all was well."""
    begun = time.monotonic()
    run, state, wrong = name, "", []
    try:
        state = disturbed(airflow, name, run)
        wrong = broken(airflow, run, state)
        wrong += after(airflow, f"{name}-after")
    except (TimeoutError, RuntimeError, ValueError) as error:
        wrong.append(str(error))
    row = f"{name:15} {state or '?':8} {time.monotonic() - begun:5.0f} s  {tries(airflow, run)}  "
    told = "; ".join(wrong) or (sentence(airflow, run) if state == "failed" else "as it must be")
    sys.stdout.write(f"{row}{told}\n")
    sys.stdout.flush()
    return not wrong


def disturbed(airflow: Airflow, name: str, run: str) -> str:
    """One run with harm; how it ended."""
    airflow.place.next_round()
    airflow.run(DAG, run)
    HARM[name](airflow, run)
    return airflow.ended(DAG, run)


def after(airflow: Airflow, run: str) -> list[str]:
    """A further run must go green, with no task tried twice: nothing is left in its way."""
    airflow.run(DAG, run)
    state = airflow.ended(DAG, run)
    twice = [name for name, one in airflow.tasks(DAG, run).items() if one["try_number"] > 1]
    wrong = [] if state == "success" else [f"the run after it is {state}"]
    return wrong + [f"{name} was tried again in the run after it" for name in twice]


def tries(airflow: Airflow, run: str) -> str:
    """How often each task was tried."""
    try:
        tasks = airflow.tasks(DAG, run)
    except (OSError, LookupError):
        return "no tasks"
    return " ".join(f"{name} {one['try_number']}" for name, one in tasks.items())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
