"""The multilayer perceptron."""

from collections.abc import Sequence
from typing import Any

from keras import layers


def mlp(inputs: Any, units: Sequence[int], activation: str, dropout: float) -> Any:
    """Fully connected layers, from `(n, ...)` to `(n, units[-1])`.

    References:
        Goodfellow, Bengio, Courville, Deep Learning (2016), chapter 6.
    """
    x = layers.Flatten()(inputs)
    for width in units:
        x = layers.Dense(width, activation=activation, kernel_initializer="he_normal")(x)
        x = layers.Dropout(dropout)(x)
    return x
