"""Feature maps of several sizes, and how a coarse one becomes as large as a fine one."""

from collections.abc import Sequence

from keras import KerasTensor, layers

from components.layers.halving import check_halvings


def pyramid(inputs: KerasTensor, filters: Sequence[int], convolutions: int) -> list[KerasTensor]:
    """Blocks of 3x3 convolutions with max pooling between them; all their maps, finest first.

    Map `i` is `(n, ceil(height / 2**i), ceil(width / 2**i), filters[i])`. Any network that gives
    such a list, whatever the strides, can stand in its place: each side is the one above divided
    by the stride and rounded up, as it is with `padding="same"`, and each map is activated.

    Raises:
        ValueError: Height or width is not known, or would be less than a pixel.

    References:
        Simonyan, Zisserman, Very Deep Convolutional Networks (2015), table 1;
        Ioffe, Szegedy, Batch Normalization (2015).
    """
    if None in inputs.shape[1:3]:
        raise ValueError(f"height and width must be known. Received: inputs.shape={inputs.shape}")
    check_halvings(inputs, len(filters) - 1, f"{len(filters)} blocks")
    x, maps = inputs, []
    for level, width in enumerate(filters):
        if level:
            # "same" rounds up: the last cell of an odd side is of one row, none is lost.
            x = layers.MaxPooling2D(padding="same")(x)
        x = block(x, width, convolutions)
        maps.append(x)
    return maps


def block(x: KerasTensor, filters: int, convolutions: int) -> KerasTensor:
    """3x3 convolutions with batch normalization and ReLU, to `(n, h, w, filters)`."""
    for _ in range(convolutions):
        x = layers.Conv2D(
            filters, 3, padding="same", use_bias=False, kernel_initializer="he_normal"
        )(x)
        x = layers.BatchNormalization(momentum=0.9)(x)  # as in the residual network
        x = layers.ReLU()(x)
    return x


def cropped(x: KerasTensor, like: KerasTensor) -> KerasTensor:
    """Cuts off below and on the right what `x` has more than `like`.

    That is where pooling and strides with `padding="same"` have rounded up, so pixels stay where
    they are; resized instead, they would move by up to one.
    """
    rows, columns = (x.shape[axis] - like.shape[axis] for axis in (1, 2))
    return layers.Cropping2D(((0, rows), (0, columns)))(x) if rows or columns else x
