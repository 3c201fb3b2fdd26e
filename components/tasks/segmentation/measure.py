"""How good predicted masks are."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.base.errors import Stop
from components.data.dataset import Split
from components.data.examples import nearest
from components.data.schema import Schema
from components.tasks.interval import Interval
from components.tasks.measured import Measures
from components.tasks.outcomes import Outcomes
from components.tasks.outcomes import outcomes as paired
from components.tasks.pixels import (
    Counts,
    class_ious,
    confusions,
    image_iou,
    interval,
    iou,
    metrics,
)
from components.tasks.pixels import difference as counted_difference
from components.tasks.segmentation import Segmentation

Masks = NDArray[np.uint8]
"""`(n, height, width)`, classes as the model gives them, at its own size."""


def answers(task: Segmentation, predictor: Any, split: Split) -> Masks:
    """The most probable class of each pixel, of raw examples."""
    parts = [chunk.argmax(axis=-1).astype(np.uint8) for chunk in predictor.stream(split)]
    return np.concatenate(parts)


def counts(answers: Masks, split: Split) -> Counts:
    """Pixels `(n, classes, classes)` of each image by true and predicted class.

    At the size of the true mask, to which a prediction is scaled by its nearest pixel.
    """
    found = [confusion(answers[row], split, row) for row in range(len(split))]
    size = len(classes_of(split.schema))
    return np.array(found, np.int64).reshape(-1, size, size)


def confusion(said: NDArray[np.uint8], split: Split, row: int) -> NDArray[np.int64]:
    """The counts of one image, `(classes, classes)`."""
    (name,) = split.schema.targets
    truth = split.decoded(name, row)
    there = nearest(said, *truth.shape)
    return confusions([truth], [there], len(classes_of(split.schema)))[0]  # type: ignore[arg-type, no-any-return]


def classes_of(schema: Schema) -> Sequence[str]:
    """The names of the classes."""
    return schema.target.classes  # type: ignore[attr-defined, no-any-return]


def outcomes(task: Segmentation, answers: Masks, split: Split, learned: Schema) -> Outcomes:
    """The pixels of each class in the true mask, and the counts by true and predicted class.

    Raises:
        Stop: The model gives a class that the masks do not have.
    """
    classes, known = classes_of(split.schema), classes_of(learned)
    if strange := [name for name in known if name not in classes]:
        raise Stop(f"it gives the class {strange[0]}; there are {', '.join(classes)}")
    places = np.array([classes.index(name) for name in known], np.uint8)
    found = counts(places[answers], split)
    names = json.dumps(list(classes))  # of the numbers, which in another order are other ones
    truth = [f"{' '.join(map(str, one.sum(axis=1).tolist()))} {names}" for one in found]
    said = [" ".join(map(str, one.ravel().tolist())) for one in found]
    return paired(split, {"pixels": truth}, {"counts": said})


def _read(found: Outcomes) -> Counts:
    rows = np.array([one.split() for one in found.answers["counts"]], np.int64)
    size = round(rows.shape[1] ** 0.5)
    return rows.reshape(-1, size, size)


def value(metric: str, found: Outcomes) -> Interval:
    """A metric, with an interval whose unit is the image."""
    read = _read(found)
    return interval(read, metrics(read)[metric])


def difference(metric: str, ours: Outcomes, theirs: Outcomes) -> Interval:
    """How much larger one is, of the same images in pairs."""
    return counted_difference(metric, _read(ours), _read(theirs))


def measure(task: Segmentation, answers: Masks, split: Split) -> Measures:
    """Measures predicted masks.

    Returns:
        In `details`: `classes` with each one's IoU, its interval, what it is of a prediction of the
        commonest class everywhere, and its share of the pixels; the mean IoU of each of the
        `images`.
    """
    found, classes = counts(answers, split), classes_of(split.schema)
    known, pixels = metrics(found), found.sum(axis=(0, 2))
    common = _commonest(found)
    baseline = np.nan_to_num(iou(common))
    every = [
        {
            "name": classes[place],
            "iou": vars(one),
            "baseline": float(baseline[place]),
            "share": float(pixels[place] / max(1, pixels.sum())),
        }
        for place, one in class_ious(found).items()
    ]
    return Measures(
        metrics={one.name: interval(found, known[one.name]) for one in Segmentation.metrics},
        examples=len(split),
        numbers={"mean_iou_of_the_commonest_class": float(known["mean_iou"](common))},
        details={"classes": every, "images": image_iou(found).tolist()},
    )


def _commonest(found: Counts) -> NDArray[np.int64]:
    """The counts of what predicts the commonest class everywhere, `(classes, classes)`."""
    pixels = found.sum(axis=(0, 2))
    said = np.zeros(found.shape[1:], np.int64)
    said[:, pixels.argmax()] = pixels
    return said
