"""The multilayer perceptron."""

from collections.abc import Sequence

from keras import KerasTensor, layers


def mlp(inputs: KerasTensor, units: Sequence[int], activation: str, dropout: float) -> KerasTensor:
    """Fully connected layers, from `(n, ...)` to `(n, units[-1])`.

    References:
        Goodfellow, Bengio, Courville, Deep Learning (2016), chapter 6.
    """
    x = layers.Flatten()(inputs)
    for width in units:
        x = layers.Dense(width, activation=activation, kernel_initializer="he_normal")(x)
        x = layers.Dropout(dropout)(x)
    return x
