"""How people see a mask: colours over its image, whose light and shade stay."""

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray
from PIL import Image

from components.base.masks import IGNORE
from components.show.image import LARGE

UNCOUNTED = "#7f7f7f"
OPAQUE = 0.5  # of a colour over an image

# Okabe, Ito, Color Universal Design (2008), without the red that errors have: told apart by those
# who see no red or green too.
COLOURS = ("#e69f00", "#0072b2", "#56b4e9", "#009e73", "#f0e442", "#cc79a7", "#000000")


def palette(classes: int) -> NDArray[np.float32]:
    """A colour `(classes, 3)`, 0 to 1, for each class; with more than seven, from a wheel."""
    if classes <= len(COLOURS):
        return np.array([to_rgb(one) for one in COLOURS[:classes]], np.float32)
    hues = 0.06 + 0.88 * np.arange(classes) / classes  # none as red as errors
    return np.asarray(mpl.colormaps["hsv"](hues)[:, :3], np.float32)


def coloured(mask: NDArray[np.integer], classes: int) -> NDArray[np.float32]:
    """Colours `(height, width, 3)` of classes; what is none is grey."""
    table = np.concatenate([palette(classes), [to_rgb(UNCOUNTED)]])
    return np.asarray(table[np.minimum(mask, classes)], np.float32)


def draw(axes: Axes, value: NDArray[np.integer]) -> None:
    """Shows a mask by itself."""
    axes.imshow(_alone(value), interpolation="nearest")


def thumbnail(value: NDArray[np.integer], side: int) -> Image.Image:
    """A small picture of a mask by itself."""
    image = Image.fromarray((255 * _alone(value)).astype(np.uint8))
    image.thumbnail((side, side), Image.Resampling.NEAREST)
    return image


def _alone(mask: NDArray[np.integer]) -> NDArray[np.float32]:
    """Colours of the classes that it has."""
    return coloured(mask, 1 + int(mask.max(initial=0, where=mask < IGNORE)))


def over(axes: Axes, mask: NDArray[np.integer], classes: int) -> None:
    """Lays `(height, width)` over the image that the axes show, whatever the size of either."""
    step = max(1, max(mask.shape) // LARGE)
    (image,) = axes.images
    axes.imshow(
        coloured(mask[::step, ::step], classes),
        alpha=OPAQUE,
        extent=image.get_extent(),
        interpolation="nearest",
    )


def patches(classes: Sequence[str]) -> list[Patch]:
    """What a legend says of the colours."""
    pairs = zip(palette(len(classes)), classes, strict=True)
    return [Patch(color=colour, label=name) for colour, name in pairs]


def legend(figure: Figure, entries: Sequence[Any]) -> None:
    """Says below a figure what its colours are."""
    figure.legend(
        handles=list(entries), loc="outside lower center", ncols=4, fontsize=8, frameon=False
    )
