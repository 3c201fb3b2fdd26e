"""How long stages took, and how well that tells how long they will take."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

from components.base.files import read_json
from components.base.words import duration


@dataclass(frozen=True)
class Took:
    """Seconds of a stage on this machine, the last run first."""

    runs: tuple[float, ...] = ()

    @classmethod
    def read(cls, path: Path) -> "Took":
        """From a file of `measured/`; of a stage that has not run, none."""
        found = read_json(path) if path.exists() else {}
        if found.get("seconds") is None:
            return cls()
        return cls((float(found["seconds"]), *map(float, found.get("before", []))))

    @property
    def last(self) -> float | None:
        """The estimate of the next run."""
        return self.runs[0] if self.runs else None

    @property
    def errors(self) -> list[float]:
        """By what factor, as its logarithm, each run differed from the one before."""
        return [
            abs(math.log(one / before)) for one, before in pairwise(self.runs) if one and before
        ]


def total(stages: Sequence[Took], new: Sequence[str]) -> str:
    """What some stages will take together, with the error of the estimate.

    The error is what it was: half of the runs differed by less from the one before. Those of the
    stages are added, as they are of one machine, which is slow for all of them at a time.

    Args:
        stages: Those that will run, and have run here.
        new: Names of those that have not.
    """
    seconds = sum(one.last or 0.0 for one in stages)
    errors = [error for one in stages for error in one.errors]
    said = f"about {duration(seconds)}"
    if errors:
        said += f", give or take {duration(seconds * math.expm1(median(errors)))}"
        said += f" (the median of what {len(errors)} runs were off)"
    if new:
        said += f", and what {', '.join(new)} will take for the first time"
    return said
