"""The deep convolutional network."""

from collections.abc import Sequence

from keras import KerasTensor, layers

from components.layers.halving import check_halvings


def cnn(
    inputs: KerasTensor, filters: Sequence[int], convolutions: int, dropout: float
) -> KerasTensor:
    """Blocks of 3x3 convolutions, from `(n, height, width, channels)` to `(n, filters[-1])`.

    Each convolution is followed by batch normalization and ReLU, each block by max pooling,
    the last by global average pooling.

    References:
        Simonyan, Zisserman, Very Deep Convolutional Networks (2015), table 1;
        Ioffe, Szegedy, Batch Normalization (2015).
    """
    check_halvings(inputs, len(filters) - 1, f"{len(filters)} blocks")
    x = inputs
    for block, width in enumerate(filters):
        if block:
            x = layers.MaxPooling2D()(x)
        for _ in range(convolutions):
            x = layers.Conv2D(
                width, 3, padding="same", use_bias=False, kernel_initializer="he_normal"
            )(x)
            x = layers.BatchNormalization(momentum=0.9)(x)  # as in the residual network
            x = layers.ReLU()(x)
    x = layers.GlobalAveragePooling2D()(x)
    return layers.Dropout(dropout)(x)
