"""The head and the loss of a classification."""

from functools import partial
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from components.base.errors import Mistakes, Problem
from components.base.words import reason
from components.config.building import build
from components.config.pipeline import Pipeline
from components.config.section import Named
from components.data.dataset import Split
from components.tasks.classification import SPARSE, Classification
from components.tasks.head import Head, values

LEAST = 1e-7  # of a share, whose logarithm is taken


def head(task: Classification, file: Pipeline, train: Split) -> Head:
    """A probability for each class, and what it is fitted by."""
    classes = len(train.schema.target.names)
    named: Named | None = getattr(file.train, "loss", None)
    return Head(
        attach=partial(_attach, units=classes, activation=task.head_activation),
        loss=_loss(named),
        metrics=_metrics(named),
        targets=lambda columns: _targets(values(columns), classes, named),
        guess=partial(_guess, classes=classes, activation=task.head_activation),
        finish=_finish,
    )


def _attach(features: Any, units: int, activation: str) -> Any:
    layer = keras.layers.Dense(units, activation=activation, dtype="float32", name="head")
    return layer(features)


def _guess(targets: NDArray[Any], classes: int, activation: str) -> NDArray[np.float32]:
    """How often each class is, `(n, classes)`, as the head would say it."""
    one_hot = _one_hot(targets, classes) if targets.ndim == 1 else targets
    shares = np.maximum(one_hot.mean(axis=0), LEAST)
    given = np.log(shares) if activation == "linear" else shares
    return np.broadcast_to(given, (len(targets), classes)).astype(np.float32)


def _loss(named: Named | None) -> keras.losses.Loss:
    """The Keras loss of the section, or sparse categorical cross-entropy."""
    try:
        return build(named) if named else keras.losses.SparseCategoricalCrossentropy()
    except Exception as error:  # whatever it raises about its arguments
        raise Mistakes([Problem(("train", "loss"), reason(error))]) from None


def _is_sparse(named: Named | None) -> bool:
    return named is None or named.name in SPARSE


def _targets(labels: NDArray[np.int64], classes: int, named: Named | None) -> NDArray[Any]:
    """Labels `(n,)` as the loss wants them: `(n,)` int64 for a sparse one, else one-hot."""
    return labels if _is_sparse(named) else _one_hot(labels, classes)


def _one_hot(labels: NDArray[np.int64], classes: int) -> NDArray[np.float32]:
    """Labels `(n,)` as `(n, classes)`."""
    return np.eye(classes, dtype=np.float32)[labels]


def _metrics(named: Named | None) -> list[keras.metrics.Metric]:
    metrics = keras.metrics
    kind = metrics.SparseCategoricalAccuracy if _is_sparse(named) else metrics.CategoricalAccuracy
    return [kind(name="accuracy")]


def _finish(model: keras.Model) -> list[keras.layers.Layer]:
    """What turns the output into class probabilities.

    A sigmoid head gives one independent probability for each class already.
    """
    if model.layers[-1].activation is keras.activations.linear:
        return [keras.layers.Softmax(dtype="float32", name="probabilities")]
    return []
