"""How good a policy is, and whether it is better than another by more than chance."""

from collections.abc import Sequence
from math import inf, isinf, nextafter, sqrt

import numpy as np
from numpy.typing import NDArray

from components.tasks.chance import ALPHA, student, summed, unless_chance
from components.tasks.interval import Interval

Returns = Sequence[float] | NDArray[np.float64]


def mean_return(returns: Returns) -> Interval:
    """The mean of returns with its 95 % interval.

    Returns are skewed: most at a limit of the environment, a few far from it. Student's interval
    then covers too seldom; his statistic is made symmetric first. Of 100 CartPole episodes 5 % of
    which fail, Student's covers in 89 % of the cases, BCa's in 90 %, this one in 96 %.

    Args:
        returns: `(n,)`, of independent seeds; at least 2. Where all are alike, they say that others
            are rare and not what these are, so that both ends are nowhere: with 1 % of failures,
            an interval without a width would have the mean in it in 62 of 100 cases.

    Raises:
        ValueError: There are fewer than 2 returns.

    References:
        Hall, On the Removal of Skewness by Transformation (1992), equation 2.2, the cubic one.
    """
    values = np.asarray(returns, np.float64)
    if len(values) < 2:
        raise ValueError(f"an interval needs 2 returns or more; got {len(values)}")
    mean = float(values.mean())
    if values.min() == values.max():
        return Interval(mean, -inf, inf)
    return Interval(mean, *_hall(values))


def difference(ours: Returns, theirs: Returns) -> Interval:
    """How much larger the mean return of one policy is than another's, on the same seeds.

    Args:
        ours: `(n,)`; at least 2.
        theirs: `(n,)`, of the same seeds in the same order.

    Returns:
        An interval without 0 only where, besides, an exact test finds that two policies of equal
        worth would seldom differ as much: in 5 %, so in 2.5 % that one is ahead. Where all
        differences are alike, the test alone says on which side of 0 it is; its far end is nowhere.

    Raises:
        ValueError: The policies were not played on as many seeds, or on fewer than 2.

    References:
        `components.tasks.chance.exchanged` for the test, `mean_return` for the interval.
    """
    if len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} returns cannot be paired with {len(theirs)}")
    differences = np.subtract(ours, theirs, dtype=np.float64)
    found = mean_return(differences)
    if isinf(found.low) and summed(differences) < ALPHA:
        beside = nextafter(0.0, found.value)
        ends = (beside, inf) if found.value > 0 else (-inf, beside)
        return Interval(found.value, *ends)
    return unless_chance(found, lambda: summed(differences))


def _hall(values: NDArray[np.float64]) -> tuple[float, float]:
    """The 95 % interval of a mean.

    With u = (mean - true mean) / s and a = skewness / 3, the statistic
    g(u) = u + a u^2 + a^2 u^3 / 3 + a / (2 n) is near to Student's t / sqrt(n); and 1 + 3 a (g - a
    / (2 n)) = (1 + a u)^3.
    """
    count, mean, deviation = len(values), float(values.mean()), float(values.std(ddof=1))
    skewness = float(np.mean((values - mean) ** 3)) / float(values.std()) ** 3
    # Below it, cancellation costs more digits than the skewness has; the limit is Student's.
    a = skewness / 3 if abs(skewness) > 1e-6 else 1e-6
    reach = student(count) / sqrt(count)
    low, high = (
        mean - deviation * (np.cbrt(1 + 3 * a * (end - a / (2 * count))) - 1) / a
        for end in (reach, -reach)
    )
    return min(mean, float(low)), max(mean, float(high))
