"""How people see an image."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray
from PIL import Image

LARGE = 256  # pixels a side, more than any picture here shows


def draw(axes: Axes, value: NDArray[Any]) -> None:
    """Shows `(height, width, channels)`, stretched to its own range."""
    axes.imshow(displayable(value), cmap="gray")


def thumbnail(value: NDArray[Any], side: int) -> Image.Image:
    """A small picture; values of 8 bits as they are: a grey placeholder is not black."""
    if value.dtype == np.uint8:
        image = Image.fromarray(value[..., 0] if value.shape[-1] == 1 else value[..., :3])
    else:
        stretched = displayable(np.nan_to_num(value, posinf=0, neginf=0))
        image = Image.fromarray((255 * stretched).astype(np.uint8))
    image.thumbnail((side, side))
    return image


def displayable(image: NDArray[Any]) -> NDArray[Any]:
    """Values stretched to 0..1, one channel without its axis.

    Of a large image every second pixel, or fewer: a figure keeps all that it is given.
    """
    step = max(1, max(image.shape[:2]) // LARGE)
    image = np.asarray(image[::step, ::step] if step > 1 else image, np.float32)
    low, high = float(image.min()), float(image.max())
    image = (image - low) / (high - low or 1)
    return image[..., 0] if image.shape[-1] == 1 else image[..., :3]
