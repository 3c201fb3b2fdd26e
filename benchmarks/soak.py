"""Runs of three stages, one after the other under `make airflow`: what is lost, what is left.

    python benchmarks/soak.py [runs]

Every run has all to do, and is of the same commit: of each commit that it runs, Airflow keeps a
checkout for some hours. Grown are the bytes of Airflow's folder since the first run, less what is
to grow: the database and the logs, which are said beside.
"""

import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import common  # noqa: F401  finds the project

from scripts.chaos.airflow import Airflow, of_stages
from scripts.chaos.project import SMALL, Place, Run
from scripts.chaos.tracking import Tracking

LIMIT_MB = 5
THREE = {"one": (), "two": ("one",), "three": ("two",)}


def sizes(home: Path) -> dict[str, int]:
    """Bytes by what they are for."""
    found = {"database": 0, "logs": 0, "rest": 0}
    for path in home.rglob("*"):
        if path.is_file() and not path.is_symlink():
            first = path.relative_to(home).parts[0]
            kind = "database" if first.startswith("airflow.db") else first
            found[kind if kind in found else "rest"] += path.stat().st_size
    return found


def soak(airflow: Airflow, runs: int) -> bool:
    """Does the runs, prints what came of them, and says whether all was well."""
    place, times, states = airflow.place, [], []
    before, processes = sizes(place.home), 0
    for number in range(runs + 1):
        run = Run(SMALL, f"run{number}")
        airflow.run(run)
        begun = time.monotonic()
        states.append(airflow.ended(run))
        # Else the next one would be restored from it: all of them are of one commit.
        place.git("update-ref", "-d", f"refs/millrace/last/{SMALL.name}", cwd=place.origin)
        if number == 0:  # makes the database's first pages, the bundle, caches of Python
            before, processes = sizes(place.home), count(airflow)
        else:
            times.append(time.monotonic() - begun)
    after = sizes(place.home)
    grown = {kind: (after[kind] - before[kind]) / 1e6 for kind in after}
    branches = place.git(
        "branch", "--list", f"airflow/{SMALL.name}/*", cwd=place.origin
    ).splitlines()
    left = [path for path in place.workspaces.rglob("*") if path.is_file()]
    more = count(airflow) - processes
    print(
        f"{runs} runs: {states[1:].count('success')} green, {len(branches) - 1} branches, "
        f"{sorted(times)[len(times) // 2]:.1f} s a run (median)\n"
        f"left: {len(left)} files in workspaces, {len(of_stages(place.workspaces))} processes "
        f"in them, {more:+} processes of Airflow\n"
        f"grown: {grown['rest']:.2f} MB (limit {LIMIT_MB}), "
        f"besides database {grown['database']:.2f} MB, logs {grown['logs']:.2f} MB"
    )
    is_whole = states.count("success") == len(branches) == runs + 1
    return is_whole and not left and grown["rest"] < LIMIT_MB


def count(airflow: Airflow) -> int:
    """Processes below the supervisor."""
    return len(airflow.guard.children(recursive=True))


if __name__ == "__main__":
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    base = Path(tempfile.mkdtemp(prefix="soak-"))
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # Airflow is ended then too
    place = Place(base, seconds=0, stages=THREE)
    with Tracking(base / "mlflow") as tracking, Airflow(place, tracking) as airflow:
        is_well = soak(airflow, runs)
    shutil.rmtree(base)
    sys.exit(not is_well)
