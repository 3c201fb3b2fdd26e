"""The head and the loss of a segmentation."""

from functools import partial
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from components.base.errors import Mistakes, Problem
from components.base.masks import IGNORE
from components.base.words import reason
from components.config.building import build
from components.config.pipeline import Pipeline
from components.config.section import Named
from components.data.dataset import Split
from components.tasks.head import Head, values
from components.tasks.segmentation import Segmentation


def head(task: Segmentation, file: Pipeline, train: Split) -> Head:
    """A probability for each class and pixel, and what it is fitted by."""
    classes = len(train.schema.target.classes)  # type: ignore[attr-defined]
    named: Named | None = getattr(file.train, "loss", None)
    mean_iou = keras.metrics.MeanIoU(
        classes, name="mean_iou", ignore_class=IGNORE, sparse_y_pred=False
    )
    return Head(
        attach=partial(_attach, classes=classes),
        loss=_loss(named),
        metrics=[mean_iou],
        # int32: compared with 255, uint8 overflows on some backends.
        targets=lambda columns: values(columns).astype(np.int32),
        guess=partial(_guess, classes=classes),
    )


def _attach(features: Any, classes: int) -> Any:
    layer = keras.layers.Conv2D(classes, 1, activation="softmax", dtype="float32", name="head")
    return layer(features)


def _guess(targets: NDArray[np.int32], classes: int) -> NDArray[np.float32]:
    """How often each class is, `(n, height, width, classes)`."""
    counts = np.bincount(targets[targets != IGNORE], minlength=classes)[:classes]
    shares = counts / max(1, counts.sum())
    return np.broadcast_to(shares, (*targets.shape, classes)).astype(np.float32)


def _loss(named: Named | None) -> keras.losses.Loss:
    """The Keras loss of the section, or sparse categorical cross-entropy of what counts."""
    if named is None:
        return keras.losses.SparseCategoricalCrossentropy(ignore_class=IGNORE)
    try:
        loss: keras.losses.Loss = build(named)
    except Exception as error:  # whatever it raises about its arguments
        raise Mistakes([Problem(("train", "loss"), reason(error))]) from None
    if (why := _why_not(loss)) is not None:
        raise Mistakes([Problem(("train", "loss"), why)])
    return loss


def _why_not(loss: keras.losses.Loss) -> str | None:
    """Why a loss of Keras does not take masks; None where it does, or is the user's own."""
    name = type(loss).__name__
    if isinstance(loss, keras.losses.SparseCategoricalCrossentropy):
        if loss.get_config()["ignore_class"] == IGNORE:
            return None
        what = "or what counts for nothing is a class of its own"
        return f"{name} needs ignore_class: {IGNORE}, {what}"
    if not type(loss).__module__.startswith("keras."):
        return None
    ours = f"SparseCategoricalCrossentropy: {{ignore_class: {IGNORE}}}, which is the default"
    return f"{name} takes no masks; a segmentation takes {ours}"
