"""How good a segmentation is, and whether it is better than another. Loads no framework.

Everything follows from the confusion counts of each image. Images are what was drawn at random:
the pixels of one are alike, so an interval that counts pixels would be far too narrow.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from components.base.masks import IGNORE
from components.tasks.chance import around, exchanged, reach, share, unless_chance
from components.tasks.interval import Interval

ENOUGH = 5
"""Images below which an interval is all that the metric can be."""

Counts = NDArray[np.int64]
"""Pixels `(n, classes, classes)` of each image by true class (row) and predicted class (column)."""

Metric = Callable[[NDArray[np.floating] | Counts], NDArray[np.float64]]
"""From summed counts `(..., classes, classes)` to `(...)`."""


def confusions(masks: NDArray[np.integer], said: NDArray[np.integer], classes: int) -> Counts:
    """Counts the pixels of each image.

    Args:
        masks: `(n, height, width)`, or `n` masks of any sizes: true classes, 255 where nothing
            counts.
        said: Predicted classes of the same shapes.
        classes: How many there are.

    Returns:
        `(n, classes, classes)` int64, by true class (row) and predicted class (column).

    Raises:
        ValueError: A mask and its prediction differ in shape, or a value is no class.
    """
    pairs = zip(masks, said, strict=True)
    counted = [_confusion(mask, one, classes) for mask, one in pairs]
    return np.array(counted, np.int64).reshape(-1, classes, classes)


def _confusion(mask: NDArray[np.integer], said: NDArray[np.integer], classes: int) -> Counts:
    if mask.shape != said.shape:
        raise ValueError(f"a mask of {mask.shape} and a prediction of {said.shape}")
    is_counted = mask != IGNORE
    # int64 first: in uint8, class 16 of 17 times 17 is 16.
    truth, found = (one[is_counted].astype(np.int64) for one in (mask, said))
    for one in (truth, found):
        if one.size and not 0 <= one.min() <= one.max() < classes:
            raise ValueError(f"classes from {one.min()} to {one.max()}; there are {classes}")
    counts = np.bincount(truth * classes + found, minlength=classes**2)
    return counts.reshape(classes, classes)


def iou(counts: NDArray[np.floating] | Counts) -> NDArray[np.float64]:
    """Intersection over union of each class, `(..., classes)`; NaN of one that does not occur."""
    right = np.diagonal(counts, axis1=-2, axis2=-1)
    return _ratio(right, counts.sum(axis=-1) + counts.sum(axis=-2) - right)


def dice(counts: NDArray[np.floating] | Counts) -> NDArray[np.float64]:
    """Dice coefficient of each class, `(..., classes)`; NaN of one that does not occur."""
    right = np.diagonal(counts, axis1=-2, axis2=-1)
    return _ratio(2 * right, counts.sum(axis=-1) + counts.sum(axis=-2))


def pixel_accuracy(counts: NDArray[np.floating] | Counts) -> NDArray[np.float64]:
    """Share of the pixels whose class is right, `(...)`; NaN where none counts."""
    return _ratio(np.trace(counts, axis1=-2, axis2=-1), counts.sum(axis=(-2, -1)))


def _ratio(part: NDArray[np.generic], whole: NDArray[np.generic]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore"):
        return np.asarray(np.true_divide(part, whole), np.float64)


def metrics(counts: Counts) -> dict[str, Metric]:
    """By name: `mean_iou`, `pixel_accuracy`, `mean_dice`.

    The means are of the classes that the masks or the predictions have in any image, and stay of
    these where an image is left out: with its only image a class has an IoU of 0.

    References:
        Everingham et al., The PASCAL Visual Object Classes Challenge: A Retrospective (2015),
        "segmentation accuracy", for IoU from counts that are summed over all images;
        Dice, Measures of the Amount of Ecologic Association Between Species (1945).
    """
    occurs = _occurring(counts.sum(axis=0))

    def mean(ratios: Metric) -> Metric:
        return lambda one: np.nan_to_num(ratios(one)[..., occurs]).mean(axis=-1)

    return {
        "mean_iou": mean(iou),
        "pixel_accuracy": lambda one: np.nan_to_num(pixel_accuracy(one)),
        "mean_dice": mean(dice),
    }


def _occurring(total: Counts) -> list[int]:
    """The classes that masks or predictions have."""
    return [int(one) for one in np.flatnonzero(total.sum(axis=0) + total.sum(axis=1))]


def measure(counts: Counts) -> dict[str, Interval]:
    """Every metric of `metrics` with its 95 % interval; the unit is the image.

    Raises:
        ValueError: No pixel counts.

    References:
        See `interval`.
    """
    if not counts.sum():
        raise ValueError("no pixel of any image counts")
    return {name: interval(counts, metric) for name, metric in metrics(counts).items()}


def interval(counts: Counts, metric: Metric) -> Interval:
    """A metric from 0 to 1 of `n` images, with its 95 % interval.

    The jackknife leaves out an image at a time; see `components.tasks.chance.share`. Of fewer than
    5 images the interval is from 0 to 1: they say what the value is, and nothing of what it would
    be on others.
    """
    return _interval(float(metric(counts.sum(axis=0))), _without_each(counts, metric))


def class_ious(counts: Counts) -> dict[int, Interval]:
    """IoU of each class that occurs, by its place, with its interval; see `interval`."""
    total = counts.sum(axis=0)
    values, without = (np.nan_to_num(iou(one)) for one in (total, total - counts))
    return {
        place: _interval(float(values[place]), without[:, place]) for place in _occurring(total)
    }


def _interval(value: float, without: NDArray[np.float64]) -> Interval:
    return share(value, without) if len(without) >= ENOUGH else Interval(value, 0.0, 1.0)


def difference(name: str, ours: Counts, theirs: Counts) -> Interval:
    """How much larger a metric is for one model than for another on the same `n` images.

    Args:
        name: Of `metrics`.
        ours: Counts of one model.
        theirs: Counts of the other.

    Returns:
        An interval without 0 only where, besides, an exact test finds that two models of equal
        worth would seldom differ as much: in 5 %, so in 2.5 % that one is ahead. Of 5 images or
        fewer that is never so: of 5, each better, a coin says the same in one of 16 throws.

    Raises:
        ValueError: The counts are not of the same images.

    References:
        `components.tasks.chance`; the test exchanges what the two said of an image.
    """
    if ours.shape != theirs.shape or (ours.sum(axis=2) != theirs.sum(axis=2)).any():
        raise ValueError("the two are not counts of the same images")
    metric = metrics(ours + theirs)[name]
    value = float(metric(ours.sum(axis=0)) - metric(theirs.sum(axis=0)))
    if len(ours) < ENOUGH:
        return Interval(value, -1.0, 1.0)
    left = _without_each(ours, metric) - _without_each(theirs, metric)
    found = around(value, value, reach(left), least=-1)
    return unless_chance(found, lambda: probability(ours, theirs, metric))


def probability(ours: Counts, theirs: Counts, metric: Metric) -> float:
    """How often a metric differs as much where what two models said of images changes hands."""
    gain = (theirs - ours).astype(np.float64)
    mine, other = ours.sum(axis=0), theirs.sum(axis=0)

    def gap(exchanges: NDArray[np.int8]) -> NDArray[np.float64]:
        moved = np.tensordot(exchanges, gain, axes=1)
        return np.abs(metric(mine + moved) - metric(other - moved))

    return exchanged(len(ours), gap, mine.size)


def _without_each(counts: Counts, metric: Metric) -> NDArray[np.float64]:
    """A metric `(n,)` of all images but one."""
    return metric(counts.sum(axis=0) - counts)


def image_iou(counts: Counts) -> NDArray[np.float64]:
    """Mean IoU `(n,)` of the classes that each image's mask has; 1 where no pixel counts.

    A class that is predicted alone takes from the others what it covers, so it is not counted
    twice.
    """
    is_there = counts.sum(axis=2) > 0
    found = np.where(is_there, np.nan_to_num(iou(counts)), 0).sum(axis=1)
    classes = is_there.sum(axis=1)
    return np.where(classes > 0, found / np.maximum(classes, 1), 1.0)
