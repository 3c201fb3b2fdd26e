"""The three stages, each of which needs the one before."""

import json
import random
import sys
from pathlib import Path

import yaml

DRAWN, SUM, REPORT = Path("drawn"), Path("sum.json"), Path("report.json")


def draw() -> None:
    """A folder of numbers."""
    count = yaml.safe_load(Path("params.yaml").read_text())["count"]
    DRAWN.mkdir()
    chance = random.Random(0)  # noqa: S311
    for number in range(count):
        (DRAWN / f"{number}.txt").write_text(str(chance.randrange(1000)))


def add() -> None:
    """Their sum."""
    SUM.write_text(json.dumps(sum(int(path.read_text()) for path in DRAWN.iterdir())))


def report() -> None:
    """The sum as a metric."""
    REPORT.write_text(json.dumps({"sum": json.loads(SUM.read_text())}))


if __name__ == "__main__":
    {"draw": draw, "sum": add, "report": report}[sys.argv[1]]()
