"""The residual network."""

from collections.abc import Sequence

from keras import KerasTensor, layers

from components.layers.halving import check_halvings

STEMS = {"3x3": 0, "7x7": 2}
"""How often each halves height and width."""


def resnet(
    inputs: KerasTensor, blocks: Sequence[int], filters: int, stem: str, dropout: float
) -> KerasTensor:
    """Basic blocks with full pre-activation, from `(n, height, width, channels)` to features.

    `blocks[i]` blocks of `filters * 2**i` filters in stage `i`; each stage after the first
    halves height and width.

    References:
        He, Zhang, Ren, Sun, Identity Mappings in Deep Residual Networks (2016), figure 4e;
        Deep Residual Learning (2016), section 4.2 for the 3x3 stem of the CIFAR networks, table 1
        for the 7x7 stem with max pooling.
    """
    check_halvings(inputs, len(blocks) - 1 + STEMS[stem], f"{len(blocks)} stages")
    if stem == "3x3":
        x = _convolution(filters)(inputs)
    else:
        x = _convolution(filters, stride=2, kernel=7)(inputs)
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    for stage, depth in enumerate(blocks):
        for block in range(depth):
            stride = 2 if stage and not block else 1
            x = _block(x, filters * 2**stage, stride)
    x = layers.ReLU()(_normalization()(x))
    x = layers.GlobalAveragePooling2D()(x)
    return layers.Dropout(dropout)(x)


def _block(x: KerasTensor, filters: int, stride: int) -> KerasTensor:
    activated = layers.ReLU()(_normalization()(x))
    shortcut = x
    if stride > 1 or x.shape[-1] != filters:
        shortcut = _convolution(filters, stride, kernel=1)(activated)
    y = _convolution(filters, stride)(activated)
    y = layers.ReLU()(_normalization()(y))
    return layers.Add()([shortcut, _convolution(filters)(y)])


def _convolution(filters: int, stride: int = 1, kernel: int = 3) -> layers.Conv2D:
    return layers.Conv2D(
        filters, kernel, stride, padding="same", use_bias=False, kernel_initializer="he_normal"
    )


def _normalization() -> layers.BatchNormalization:
    # He's own momentum. Keras's 0.99 needs 460 steps for 1 % of the start to be left, and a small
    # set has 20 in an epoch: validation accuracy then trails by ten epochs.
    return layers.BatchNormalization(momentum=0.9)
