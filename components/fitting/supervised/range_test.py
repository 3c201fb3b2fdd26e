"""What a learning-rate range test tells.

References:
    Smith, Cyclical Learning Rates for Training Neural Networks (2017), section 3.3.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TENTH = 0.1  # of the rate with the lowest loss, which is about to grow there


@dataclass(frozen=True)
class Range:
    """The loss at growing learning rates."""

    rates: NDArray[np.float64]
    losses: NDArray[np.float64]
    """Moving averages."""

    @property
    def points(self) -> list[tuple[float, float]]:
        """Rates and losses in pairs."""
        return list(zip(self.rates.tolist(), self.losses.tolist(), strict=True))

    @property
    def suggested(self) -> float:
        """A rate that is high, and at which the loss still falls."""
        return float(TENTH * self.rates[np.argmin(self.losses)])

    @property
    def highest(self) -> float | None:
        """The rate from which on the loss is above that of the start; None where it never is."""
        lowest = int(np.argmin(self.losses))
        above = np.flatnonzero(self.losses[lowest:] > self.losses[0])
        return float(self.rates[lowest + above[0]]) if len(above) else None
