"""Seconds of eight trials of a small search on a cluster of one worker, and of two.

A trial is one epoch of a network for `diabetes`, at most two at once on a worker; what is measured
is from the first trial's start to the last one's end, so that nothing before and after them counts.
It needs what `make cluster` needs. Workers of one machine share its cores: where one worker keeps
them busy, a second brings nothing.

    python benchmarks/fan_out.py
"""

import os
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import common  # noqa: F401  the tests are importable from here on
from cluster import Cluster, wait
from project import Project

from scripts.cluster import needs

TRIALS = 8
LIMIT_S = 3600
SEARCH = f"""
tune:
  space: {{model.dropout: {{FloatDistribution: {{low: 0.0, high: 0.5}}}}}}
  trials: {TRIALS}
  epochs: 1
  sampler: RandomSampler
  pruner: NopPruner
"""


def project(root: Path) -> Project:
    """A checkout whose only pipeline has the search."""
    made = Project(root)
    made.edit("params.yaml", ("pipelines: [digits]", "pipelines: [diabetes]"))
    with (root / "pipelines/diabetes.yaml").open("a") as file:
        file.write(SEARCH)
    made.commit("a search")
    return made


def fan_out(folder: Path, workers: int) -> float:
    """Seconds between the start of the first trial and the end of the last."""
    one = Cluster(folder / f"cluster-{workers}", folder / "project", workers)
    try:
        one.trigger("diabetes", "run")
        wait(lambda: all(part["end_date"] for part in trials(one)), LIMIT_S)
        parts = trials(one)
    finally:
        one.end()
    assert [part["state"] for part in parts] == ["success"] * TRIALS  # noqa: S101
    begun, ended = ([moment(part[key]) for part in parts] for key in ("start_date", "end_date"))
    return (max(ended) - min(begun)).total_seconds()


def trials(one: Cluster) -> list[dict[str, Any]]:
    """The mapped tasks; until they are mapped, the one that they are made of."""
    return one.parts("diabetes", "run")["tune.trial"]


def moment(text: str) -> datetime:
    """As Airflow's API writes it."""
    return datetime.fromisoformat(text)


def main() -> None:
    """Both, and their ratio."""
    if missing := needs.missing():
        sys.exit(missing)
    with tempfile.TemporaryDirectory(prefix="fan-out-", dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL's user has to enter it
        project(folder / "project")
        one, two = (fan_out(folder, workers) for workers in (1, 2))
    print(
        f"{TRIALS} trials on {os.cpu_count()} cores: one worker {one:.0f} s, two {two:.0f} s: "
        f"ratio {one / two:.2f}"
    )


if __name__ == "__main__":
    main()
