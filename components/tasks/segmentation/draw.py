"""What a report shows of a segmentation."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from components.data.dataset import Split
from components.data.examples import nearest
from components.show.overlays import class_bars, overlays
from components.tasks.interval import Interval
from components.tasks.measured import Measures
from components.tasks.pixels import iou
from components.tasks.segmentation import Segmentation
from components.tasks.segmentation.measure import Masks, classes_of, confusion

ROWS = 8  # images that are laid open: each is a row of four pictures


def figures(
    task: Segmentation, measures: Measures, answers: Masks, test: Split, shown: int
) -> dict[str, Figure]:
    """IoU of the classes, and the worst images with what was said of them."""
    every = measures.details["classes"]
    bars = class_bars(
        {one["name"]: Interval(**one["iou"]) for one in every}
        | {"mean": measures.metrics["mean_iou"]},
        {one["name"]: _point(one["baseline"]) for one in every}
        | {"mean": _point(measures.numbers["mean_iou_of_the_commonest_class"])},
        {one["name"]: one["share"] for one in every},
    )
    images = np.array(measures.details["images"])
    rows = np.argsort(images, kind="stable")[: min(shown, ROWS)]
    image, (mask,) = test.schema.inputs[0], test.schema.targets
    truths = [test.decoded(mask, int(row)) for row in rows]
    pairs = list(zip(rows.tolist(), truths, strict=True))
    grid = overlays(
        [nearest(test.decoded(image, row), *one.shape) for row, one in pairs],
        truths,
        [nearest(answers[row], *one.shape) for row, one in pairs],
        [f"{_name(test, int(row))}\nmean IoU {images[row]:.2f}" for row in rows],
        classes_of(test.schema),
    )
    return {"IoU of each class": bars, "Worst images, the worst first": grid}


def _point(value: float) -> Interval:
    return Interval(value, value, value)


def _name(test: Split, row: int) -> str:
    return (test.name(row) or f"row {test.row(row)}").rpartition("/")[2]


def summary(task: Segmentation, measures: Measures) -> dict[str, tuple[list[str], list[Any]]]:
    """Each class."""
    rows = [
        (one["name"], one["iou"]["value"], one["iou"]["low"], one["iou"]["high"], one["share"])
        for one in measures.details["classes"]
    ]
    return {"Classes": (["class", "IoU", "from", "to (95 %)", "share of pixels"], rows)}


def tables(
    task: Segmentation, measures: Measures, answers: Masks, test: Split
) -> dict[str, tuple[list[str], Iterator[tuple[Any, ...]]]]:
    """The IoU of each class in each image; 1 where neither mask nor prediction has it."""
    rows = (_row(test, answers, row) for row in range(len(test)))
    return {"images": (["row", "name", *classes_of(test.schema)], rows)}


def _row(test: Split, answers: Masks, row: int) -> tuple[Any, ...]:
    found = np.nan_to_num(iou(confusion(answers[row], test, row)), nan=1)
    return test.row(row), test.name(row) or "", *found.tolist()
