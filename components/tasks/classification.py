"""Classification: one label out of several for every example."""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from components.config.building import build
from components.config.fitting import Loss

HEAD = "softmax"


def loss(named: Loss | None) -> keras.losses.Loss:
    """The Keras loss of the section, or sparse categorical cross-entropy."""
    return build(named) if named else keras.losses.SparseCategoricalCrossentropy()


def targets(labels: NDArray[np.int64], classes: int, named: Loss | None) -> NDArray[Any]:
    """Labels `(n,)` as the loss wants them: `(n,)` int64 for a sparse one, else one-hot."""
    if named is None or named.name.startswith("Sparse"):
        return labels
    return np.eye(classes, dtype=np.float32)[labels]


def metrics(named: Loss | None) -> list[keras.metrics.Metric]:
    """What the learning curves show besides the loss."""
    sparse = named is None or named.name.startswith("Sparse")
    kind = keras.metrics.SparseCategoricalAccuracy if sparse else keras.metrics.CategoricalAccuracy
    return [kind(name="accuracy")]


def probabilities(model: keras.Model) -> list[keras.layers.Layer]:
    """The layers that turn the output of a trained model into class probabilities.

    A sigmoid head gives one independent probability for each class already.
    """
    if model.layers[-1].activation is keras.activations.linear:
        return [keras.layers.Softmax(dtype="float32", name="probabilities")]
    return []
