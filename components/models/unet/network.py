"""The U-Net."""

from collections.abc import Sequence

from keras import KerasTensor, layers

from components.layers.pyramid import block, cropped, pyramid


def unet(
    inputs: KerasTensor, filters: Sequence[int], convolutions: int, dropout: float
) -> KerasTensor:
    """An encoder, and a decoder that sees each of its maps again.

    From `(n, height, width, channels)` to `(n, height, width, filters[0])`, for any height and
    width of `2**(len(filters) - 1)` or more: odd sides are rounded up on the way down, and cropped
    on the way up. Unlike in the paper, convolutions are padded, so that each pixel gets a class,
    and normalized; as there, dropout is at the end of the contracting path.

    Raises:
        ValueError: Height or width is not known, or would be less than a pixel.

    References:
        Ronneberger, Fischer, Brox, U-Net: Convolutional Networks for Biomedical Image Segmentation
        (2015), section 2, figure 1; section 3.1 for dropout; Ioffe, Szegedy, Batch Normalization
        (2015).
    """
    *maps, x = pyramid(inputs, filters, convolutions)
    x = layers.Dropout(dropout)(x)
    for skip in reversed(maps):
        width = skip.shape[-1]
        # A kernel as large as the stride: no two outputs overlap, so no chequerboard.
        x = layers.Conv2DTranspose(width, 2, strides=2, kernel_initializer="he_normal")(x)
        x = layers.Concatenate()([skip, cropped(x, skip)])
        x = block(x, width, convolutions)
    return x
