"""Seconds that a task takes besides its stage, with 50 entries in DVC's run cache and with 50,000.

    python benchmarks/run_cache.py [entries]

The task is what Airflow's worker does: take the run's clone, `dvc repro`, `dvc push`, publish. Both
caches take turns, and the medians are compared. For comparison, the same with the run cache, as
`dvc repro --pull` and `dvc push --run-cache` would do it.
"""

import hashlib
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import common  # noqa: F401  finds the project
import yaml

from dags import branch, workspace
from dags.branch import Run, Terms
from dags.repro import dvc, push, repro
from dags.settings import Settings, of_stage
from scripts.chaos.project import SMALL, Place

ADDRESS = f"{SMALL.file}:one"
TURNS = 5
ENV = of_stage(Path(sys.executable).parent)


def silent(_: str) -> None:
    """What DVC says is not looked at."""


def fill(cache: Path, entries: int) -> None:
    """Writes entries as DVC does, of stages that nobody has."""
    for number in range(entries):
        name = hashlib.sha256(str(number).encode()).hexdigest()
        folder = cache / "runs" / name[:2] / name
        folder.mkdir(parents=True)
        deps = [{"path": "stage.py", "hash": "md5", "md5": name[:32], "size": number}]
        entry = {"cmd": f"python stage.py {number}", "deps": deps, "outs": []}
        (folder / name[::-1]).write_text(yaml.safe_dump(entry))


def task_s(place: Place, home: Path, turn: int) -> float:
    """Seconds of one task in a run of its own."""
    run = Run(SMALL.name, f"{home.name}{turn}")
    settings = Settings(str(place.project), home, home / "cache", None, "", "")
    with workspace.taken(settings, run, place.project) as folder:
        commit = place.git("rev-parse", "HEAD")
        branch.opened(folder, run, Terms(commit), {})
    begun = time.monotonic()
    with workspace.taken(settings, run, place.project) as folder:
        repro(folder, ADDRESS, ENV, silent).check()
        push(folder, ENV, silent)
        branch.publish(folder, run, ADDRESS)
    taken = time.monotonic() - begun
    workspace.end(settings, run, is_good=True)
    return taken


def with_run_cache_s(place: Place, home: Path) -> float:
    """Seconds of the same where DVC looks into its run cache, and pushes it."""
    folder = home / "clone"
    place.git("clone", "-q", str(place.project), str(folder))
    place.dvc("cache", "dir", "--local", str(home / "cache"), cwd=folder)
    begun = time.monotonic()
    dvc(folder, ENV, silent, "repro", "--pull", ADDRESS).check()
    dvc(folder, ENV, silent, "push", "--run-cache").check()
    taken = time.monotonic() - begun
    shutil.rmtree(folder)
    return taken


def main(entries: int) -> None:
    """Prints the figures."""
    base = Path(tempfile.mkdtemp(prefix="run-cache-"))
    place = Place(base, seconds=0, stages={"one": ()})
    homes = {50: base / "few", entries: base / "many"}
    for count, home in homes.items():
        fill(home / "cache", count)
    taken: dict[int, list[float]] = {count: [] for count in homes}
    for turn in range(TURNS):
        place.next_round()
        for count, home in homes.items():
            taken[count].append(task_s(place, home, turn))
    few, many = (statistics.median(times) for times in taken.values())
    print(
        f"a task with 50 entries in the run cache: {few:.2f} s, with {entries}: {many:.2f} s: "
        f"ratio {many / few:.2f} (medians of {TURNS})"
    )
    for home in homes.values():
        with_run_cache_s(place, home)  # the first one pushes all entries
    place.next_round()
    few, many = (with_run_cache_s(place, home) for home in homes.values())
    print(f"with the run cache in use: {few:.2f} s and {many:.2f} s: ratio {many / few:.2f}")
    shutil.rmtree(base)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
