"""Whether one classifier is better than another by more than chance. Loads no framework."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

Z = 1.959964  # of the 95 % interval of a normal distribution
RESAMPLES = 2000

Classes = Sequence[str] | NDArray[Any]
"""A class for each example: names, or positions."""


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


def metric(name: str, labels: Classes, predicted: Classes) -> Interval:
    """A metric of predictions, `n` of them.

    Args:
        name: `accuracy` or `macro_f1`.
        labels: The true classes.
        predicted: What the model said.

    References:
        Wilson, Probable Inference (1927), for accuracy; Efron, Tibshirani, An Introduction to the
        Bootstrap (1993), section 13.3 (percentiles), for macro F1.
    """
    if name == "accuracy":
        right = int(np.equal(labels, predicted).sum())
        interval = binomtest(right, len(labels)).proportion_ci(method="wilson")
        return Interval(right / len(labels), float(interval.low), float(interval.high))
    truth, (said,) = _numbers(labels, predicted)
    return _bootstrapped(lambda rows: _macro_f1(truth[rows], said[rows]), len(truth))


def difference(name: str, labels: Classes, ours: Classes, theirs: Classes) -> Interval:
    """How much larger a metric is for one model than for another on the same `n` examples.

    Args:
        name: `accuracy` or `macro_f1`.
        labels: The true classes.
        ours: What one model said.
        theirs: What the other said.

    References:
        Agresti, Min, Effects and Non-effects of Paired Identical Observations in Comparing
        Proportions with Binary Matched-Pairs Data (2004), and Simple Improved Confidence Intervals
        for Comparing Matched Proportions (2005), section 3, for accuracy.
    """
    if name == "accuracy":
        right, other = np.equal(labels, ours), np.equal(labels, theirs)
        return matched(int((right & ~other).sum()), int((other & ~right).sum()), len(labels))
    truth, (us, them) = _numbers(labels, ours, theirs)
    return _bootstrapped(
        lambda rows: _macro_f1(truth[rows], us[rows]) - _macro_f1(truth[rows], them[rows]),
        len(truth),
    )


def matched(gained: int, lost: int, total: int) -> Interval:
    """The difference of two shares of the same `total` examples.

    Args:
        gained: Examples that count for the first share alone.
        lost: Examples that count for the second share alone.
        total: All examples.
    """
    # Half an example more in each of the four cells: so small numbers keep their promise too.
    more, less, every = gained + 0.5, lost + 0.5, total + 2
    centre = (more - less) / every
    reach = Z * sqrt(more + less - (more - less) ** 2 / every) / every
    return Interval((gained - lost) / total, centre - reach, centre + reach)


def _numbers(labels: Classes, *said: Classes) -> tuple[NDArray[np.int64], list[NDArray[np.int64]]]:
    """Classes as positions in all that occur."""
    classes = np.unique(np.concatenate([labels, *said]))
    truth, *others = (np.searchsorted(classes, one) for one in (labels, *said))
    return truth, others


def _macro_f1(labels: NDArray[np.int64], predicted: NDArray[np.int64]) -> float:
    """Mean F1 of the classes that occur among labels or predictions."""
    classes = int(max(labels.max(), predicted.max())) + 1
    right = np.bincount(labels[labels == predicted], minlength=classes)
    sizes = np.bincount(labels, minlength=classes) + np.bincount(predicted, minlength=classes)
    return float((2 * right[sizes > 0] / sizes[sizes > 0]).mean())


def _bootstrapped(statistic: Callable[[NDArray[np.int64]], float], count: int) -> Interval:
    random = np.random.default_rng(0)
    drawn = [statistic(random.integers(0, count, count)) for _ in range(RESAMPLES)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Interval(statistic(np.arange(count)), float(low), float(high))
