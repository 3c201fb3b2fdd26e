"""Three trivial stages, and a way for a test to hold them up: a folder that all workers see."""

import json
import os
import random
import sys
import time
from pathlib import Path

import yaml

DRAWN = Path("drawn")
RUN = os.environ.get("AIRFLOW_CTX_DAG_RUN_ID", "")
SEEN = Path(os.environ.get("SEEN_BY_ALL", "."), RUN)


def draw() -> None:
    """A folder of numbers."""
    count = yaml.safe_load(Path("params.yaml").read_text())["count"]
    DRAWN.mkdir()
    chance = random.Random(0)  # noqa: S311
    for number in range(count):
        (DRAWN / f"{number}.txt").write_text(str(chance.randrange(1000)))


def part(third: str) -> None:
    """The sum of every third; under Airflow, once all three have begun and nothing holds them."""
    if RUN:
        SEEN.mkdir(parents=True, exist_ok=True)
        with (SEEN / third).open("a") as file:
            file.write(f"{os.environ['CLUSTER_HOST']}\n")
        while len(list(SEEN.glob("[012]"))) < 3 or (SEEN / "hold").exists():
            time.sleep(0.2)
    taken = range(int(third), len(list(DRAWN.iterdir())), 3)
    total = sum(int((DRAWN / f"{number}.txt").read_text()) for number in taken)
    Path(f"part-{third}.json").write_text(json.dumps(total))


def report() -> None:
    """The sum of all."""
    total = sum(json.loads(Path(f"part-{third}.json").read_text()) for third in range(3))
    Path("report.json").write_text(json.dumps({"sum": total}))


if __name__ == "__main__":
    {"draw": draw, "part": part, "report": report}[sys.argv[1]](*sys.argv[2:])
