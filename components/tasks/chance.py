"""What chance alone does to a metric, and to the difference of two models. Loads no framework."""

from collections.abc import Callable, Iterator
from math import inf, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from components.tasks.interval import Interval

ALPHA = 0.05
EXCHANGES = 9999
ENUMERATED = 13
"""Examples up to which each of the `2**n` exchanges is looked at, fewer than are drawn else."""
ENTRIES = 2**22  # of the largest array of exchanges

Gap = Callable[[NDArray[np.int8]], NDArray[Any]]
"""From exchanges `(m, n)`, 1 where the two models change hands, to how far they are apart, `(m,)`,
whichever is ahead."""


def student(count: int) -> float:
    """How many standard errors a 95 % interval reaches that `count` examples tell of."""
    return float(t.ppf(1 - ALPHA / 2, count - 1)) if count > 1 else inf


def variance(without: NDArray[np.float64]) -> float:
    """Variance of a statistic, from what it is, or changes, without each of the examples.

    References:
        Efron, Stein, The Jackknife Estimate of Variance (1981).
    """
    return float((len(without) - 1) * without.var())


def reach(without: NDArray[np.float64]) -> float:
    """Half a 95 % interval of such a statistic; of a single example infinite."""
    return student(len(without)) * sqrt(variance(without)) if len(without) > 1 else inf


def share(value: float, without: NDArray[np.float64]) -> Interval:
    """The 95 % interval of a statistic from 0 to 1.

    It is that of a share, Wilson's, of as many draws as would give a share the variance of its
    jackknife, so that it stays between 0 and 1, and with Student's quantile.

    Args:
        value: The statistic.
        without: What it is, or changes, without each of the examples, `(n,)`; at least 2.

    References:
        Wilson, Probable Inference (1927); Korn, Graubard, Confidence Intervals for Proportions with
        Small Expected Number of Positive Counts Estimated from Survey Data (1998), for the number
        of draws and the quantile.
    """
    count, found = len(without), variance(without)
    # All right or all wrong, or nearly: no example tells the variance.
    is_known = found > 0 and 0 < value < 1
    square = student(count) ** 2 * (found / (value * (1 - value)) if is_known else 1 / count)
    centre = (value + square / 2) / (1 + square)
    half = sqrt(square * value * (1 - value) + square**2 / 4) / (1 + square)
    return around(value, centre, half, least=0)


def around(value: float, centre: float, half: float, least: float) -> Interval:
    """An interval that neither rounding nor what the metric can be puts beside its value."""
    low, high = max(least, centre - half), min(1.0, centre + half)
    return Interval(value, min(value, low), max(value, high))


def unless_chance(found: Interval, probability: Callable[[], float]) -> Interval:
    """The interval, and 0 with it where a test does not exclude that chance alone did it."""
    if found.low <= 0 <= found.high or probability() < ALPHA:
        return found
    return Interval(found.value, min(found.low, 0.0), max(found.high, 0.0))


def exchanged(count: int, gap: Gap, entries: int = 1) -> float:
    """How often two models differ as much where what they said of examples changes hands at random.

    Args:
        count: Examples.
        gap: How far apart the two are after exchanges.
        entries: Numbers that `gap` makes of one exchange, where these are more than examples.

    References:
        Fisher, The Design of Experiments (1935), section 21; Phipson, Smyth, Permutation P-values
        Should Never Be Zero (2010).
    """
    found = gap(np.zeros((1, count), np.int8)) - 1e-12  # equal, but for rounding
    block = max(1, ENTRIES // max(1, count, entries))
    is_all = count <= ENUMERATED
    blocks = _every(count, block) if is_all else _drawn(count, block)
    as_large = sum(int((gap(one) >= found).sum()) for one in blocks)
    # Among all of them is what was found; to those that are drawn it is added.
    return as_large / 2**count if is_all else (1 + as_large) / (1 + EXCHANGES)


def _every(count: int, block: int) -> Iterator[NDArray[np.int8]]:
    for start in range(0, 2**count, block):
        numbers = np.arange(start, min(start + block, 2**count))
        yield (numbers[:, np.newaxis] >> np.arange(count) & 1).astype(np.int8)


def _drawn(count: int, block: int) -> Iterator[NDArray[np.int8]]:
    random = np.random.default_rng(0)
    for start in range(0, EXCHANGES, block):
        yield random.integers(0, 2, (min(block, EXCHANGES - start), count), np.int8)


def summed(gains: NDArray[np.float64]) -> float:
    """`exchanged` of a sum over examples, to which an exchange gives the other sign, `(n,)`."""
    apart = gains[gains != 0]
    shares = apart / np.abs(apart).sum() if len(apart) else apart
    return exchanged(len(apart), lambda exchanges: np.abs((1.0 - 2 * exchanges) @ shares))
