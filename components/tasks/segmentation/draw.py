"""What a report shows of a segmentation."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from components.data.dataset import Split
from components.data.examples import nearest
from components.show.overlays import class_bars, overlays
from components.tasks.interval import Interval
from components.tasks.measured import Measures
from components.tasks.pixels import image_iou, iou, worst
from components.tasks.segmentation import Segmentation
from components.tasks.segmentation.measure import Masks, classes_of

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
    counts = np.array(measures.details["counts"], np.int64)
    rows = worst(counts, min(shown, ROWS))
    image, (mask,) = test.schema.inputs[0], test.schema.targets
    truths = [test.decoded(mask, int(row)) for row in rows]
    pairs = list(zip(rows.tolist(), truths, strict=True))
    grid = overlays(
        [nearest(test.decoded(image, row), *one.shape) for row, one in pairs],
        truths,
        [nearest(answers[row], *one.shape) for row, one in pairs],
        [f"{_name(test, int(row))}\nmean IoU {image_iou(counts[[row]])[0]:.2f}" for row in rows],
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
) -> dict[str, tuple[list[str], list[tuple[Any, ...]]]]:
    """The IoU of each class in each image."""
    classes = list(classes_of(test.schema))
    counts = np.array(measures.details["counts"], np.int64)
    rows = [
        (test.row(row), test.name(row) or "", *np.nan_to_num(iou(counts[row]), nan=1).tolist())
        for row in range(len(test))
    ]
    return {"images": (["row", "name", *classes], rows)}
