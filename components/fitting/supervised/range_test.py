"""What a learning-rate range test tells.

References:
    Smith, Cyclical Learning Rates for Training Neural Networks (2017), section 3.3.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TENTH = 0.1  # of the rate with the lowest loss, which is about to grow there


def moving_average(values: Iterable[float], share: float) -> Iterator[float]:
    """The exponential one, without the bias of its start, as Adam's (Kingma, Ba 2015, section 3).

    Args:
        values: One after the other; they may be made while it runs.
        share: Of what was before, in each.
    """
    mean = 0.0
    for count, value in enumerate(values, 1):
        mean = share * mean + (1 - share) * value
        yield mean / (1 - share**count)


@dataclass(frozen=True)
class Range:
    """The loss at growing learning rates."""

    rates: NDArray[np.float64]
    losses: NDArray[np.float64]
    """Moving averages."""

    @classmethod
    def of(cls, points: Sequence[Sequence[float]]) -> "Range":
        """From pairs, as they are kept."""
        rates, losses = np.array(points, float).T
        return cls(rates, losses)

    @property
    def points(self) -> list[tuple[float, float]]:
        """Rates and losses in pairs."""
        return list(zip(self.rates.tolist(), self.losses.tolist(), strict=True))

    @property
    def suggested(self) -> float | None:
        """A rate that is high, and at which the loss still falls; None where it never fell."""
        lowest = np.argmin(self.losses)
        return float(TENTH * self.rates[lowest]) if lowest else None

    @property
    def highest(self) -> float | None:
        """The rate from which on the loss is above that of the start; None where it never is."""
        lowest = int(np.argmin(self.losses))
        above = np.flatnonzero(self.losses[lowest:] > self.losses[0])
        return float(self.rates[lowest + above[0]]) if len(above) else None
