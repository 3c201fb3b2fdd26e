"""The fully convolutional network with skips."""

from collections.abc import Sequence
from math import ceil, log2

from keras import KerasTensor, layers

from components.layers.pyramid import cropped, pyramid


def fcn(
    inputs: KerasTensor,
    filters: Sequence[int],
    convolutions: int,
    features: int,
    skips: int,
    dropout: float,
) -> KerasTensor:
    """The network of `cnn` without its pooling, its coarsest maps summed.

    From `(n, height, width, channels)` to `(n, height, width, features)`, for any height and width
    of `2**(len(filters) - 1)` or more.

    Args:
        inputs: `(n, height, width, channels)`.
        filters: Of each block; every one after the first halves height and width.
        convolutions: In a block.
        features: Channels of the maps that are summed; in the paper one for each class.
        skips: Finer maps that are added. With six blocks, 0 is FCN-32s, 1 FCN-16s and 2 FCN-8s.
        dropout: Share of features dropped from the coarsest map.

    Raises:
        ValueError: Height or width is not known, or would be less than a pixel.

    References:
        Long, Shelhamer, Darrell, Fully Convolutional Networks for Semantic Segmentation (2015),
        section 4.2, figure 3.
    """
    return summed(inputs, pyramid(inputs, filters, convolutions), features, skips, dropout)


def summed(
    inputs: KerasTensor,
    maps: Sequence[KerasTensor],
    features: int,
    skips: int,
    dropout: float,
) -> KerasTensor:
    """The coarsest `skips + 1` maps of any backbone, as one map of the size of its inputs.

    Args:
        inputs: `(n, height, width, channels)`.
        maps: See `pyramid`: finest first, each side of the one above divided and rounded up.
        features: Channels of the result, `(n, height, width, features)`.
        skips: Finer maps that are added; fewer than there are.
        dropout: Share of features dropped from the coarsest map.
    """
    if not 0 <= skips < len(maps):
        raise ValueError(f"{len(maps)} maps have at most {len(maps) - 1} skips. Received: {skips}")
    *finer, coarsest = maps[len(maps) - 1 - skips :]
    x = layers.Conv2D(features, 1)(layers.Dropout(dropout)(coarsest))
    for skip in reversed(finer):
        x = layers.Add()([grown(x, skip), layers.Conv2D(features, 1)(skip)])
    return grown(x, inputs)


def grown(x: KerasTensor, like: KerasTensor) -> KerasTensor:
    """Bilinear interpolation of `x` to the height and width of `like`, by a power of 2.

    A layer without weights: LiteRT and ONNX have it as one operation. The paper's transposed
    convolution, which starts from the same weights and learns them only between the maps (section
    4.3), is `features**2` kernels, nearly all of them 0.
    """
    # Sides are rounded up, so 9 pixels are 2 of stride 8, not of 5.
    factor = tuple(2 ** ceil(log2(like.shape[axis] / x.shape[axis])) for axis in (1, 2))
    return cropped(layers.UpSampling2D(factor, interpolation="bilinear")(x), like)
