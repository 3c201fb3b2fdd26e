"""The same training with other seeds: how much of a result is luck."""

from collections.abc import Mapping, Sequence
from math import sqrt

import numpy as np
from scipy import stats

from components.tasks.interval import Interval

Values = Mapping[str, float]
"""What the learning curves have at the epoch that is kept, by column."""


def spread(runs: Sequence[Values]) -> dict[str, Interval]:
    """The mean of each column over the seeds, with its 95 % interval (Student's t).

    Args:
        runs: With the same columns; of a single one there is no interval.
    """
    if len(runs) < 2:
        return {}
    factor = stats.t.ppf(0.975, len(runs) - 1) / sqrt(len(runs))
    found = {}
    for name in runs[0]:
        values = np.array([run[name] for run in runs], float)
        mean, half = float(values.mean()), float(factor * values.std(ddof=1))
        found[name] = Interval(mean, mean - half, mean + half)
    return found
