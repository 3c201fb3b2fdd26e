"""Pictures of a segmentation: the worst images, and the classes side by side."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from components.base.masks import IGNORE
from components.show import pictures
from components.show.image import LARGE
from components.show.mask import UNCOUNTED, coloured, legend, patches

COLUMNS = ("image", "true mask", "prediction", "errors")
WRONG = "#d62728"


def overlays(
    images: Sequence[NDArray[Any]],
    masks: Sequence[NDArray[np.uint8]],
    said: Sequence[NDArray[np.integer]],
    names: Sequence[str],
    classes: Sequence[str],
) -> Figure:
    """A row for each image: the image, its mask, what is predicted, and where they differ.

    Args:
        images: Each `(height, width, channels)`, any real dtype, one channel or three.
        masks: Each `(height, width)`, true classes, 255 where nothing counts.
        said: Each `(height, width)`, predicted classes.
        names: What is written beside each row.
        classes: Their names.
    """
    rows = len(images)
    figure = Figure(figsize=(9, 0.6 + 2.25 * rows), layout="compressed")
    grid = figure.subplots(rows, len(COLUMNS), squeeze=False)
    for axes, title in zip(grid[0], COLUMNS, strict=True):
        axes.set_title(title, fontsize=10)
    for axes, image, mask, one, name in zip(grid, images, masks, said, names, strict=True):
        _row(axes, np.asarray(image), mask, one, len(classes))
        axes[0].set_ylabel(name, fontsize=8)
    used = patches(classes)
    used.append(Patch(color=WRONG, label="error: another class than in the true mask"))
    if any((mask == IGNORE).any() for mask in masks):
        used.append(Patch(color=UNCOUNTED, label="not counted"))
    legend(figure, used)
    return pictures.fitted(figure)


def _row(
    axes: Sequence[Axes],
    image: NDArray[Any],
    mask: NDArray[np.uint8],
    said: NDArray[np.integer],
    classes: int,
) -> None:
    step = max(1, max(mask.shape) // LARGE)
    picture = _shown(image[::step, ::step])
    mask, said = mask[::step, ::step], said[::step, ::step]
    counted = mask != IGNORE
    wrong = (mask != said) & counted
    # Without its colours: a red barn is no error.
    pale = 0.3 * picture.mean(axis=-1, keepdims=True) + 0.7
    errors = np.where(wrong[..., np.newaxis], to_rgb(WRONG), pale)
    errors[~counted] = to_rgb(UNCOUNTED)
    over = (_over(picture, coloured(one, classes)) for one in (mask, said))
    shown = (picture, *over, errors)
    for one, values in zip(axes, shown, strict=True):
        one.imshow(np.clip(values, 0, 1), interpolation="nearest")
        one.set(xticks=[], yticks=[])
    axes[3].set_xlabel(f"{wrong.sum() / max(1, counted.sum()):.1%} of the pixels", fontsize=8)


def _over(image: NDArray[np.float32], colour: NDArray[np.float32]) -> NDArray[np.float32]:
    """Colours over an image, of which light and shade stay."""
    return np.asarray(0.4 * image.mean(axis=-1, keepdims=True) + 0.6 * colour)


def _shown(image: NDArray[Any]) -> NDArray[np.float32]:
    """An image `(height, width, 3)`, stretched to 0..1."""
    low, high = float(image.min()), float(image.max())
    values = (image.astype(np.float32) - low) / (high - low or 1)
    return np.asarray(values if values.shape[-1] == 3 else np.repeat(values[..., :1], 3, axis=-1))


def class_bars(
    found: Mapping[str, Any], baseline: Mapping[str, Any], shares: Mapping[str, float]
) -> Figure:
    """IoU of each class with its 95 % interval, and their mean.

    Args:
        found: By class, and `mean` for the mean of the classes.
        baseline: The same of what predicts the commonest class everywhere.
        shares: Share of the pixels that are of a class.
    """
    names = list(found)
    figure = Figure(figsize=(7, 1.3 + 0.45 * len(names)), layout="constrained")
    axes = figure.subplots()
    colours = ["tab:gray" if name == "mean" else "tab:blue" for name in names]
    axes.barh(range(len(names)), [found[name].value for name in names], color=colours, height=0.6)
    for place, name in enumerate(names):
        one = found[name]
        axes.plot([one.low, one.high], [place, place], color="black", linewidth=1.5)
        axes.text(one.high + 0.01, place, f"{one.value:.3f}", va="center", fontsize=8)
        axes.plot(baseline[name].value, place, "D", color="tab:red", markersize=5, clip_on=False)
    texts = [f"{name}\n{shares[name]:.1%} of pixels" if name in shares else name for name in names]
    axes.set_yticks(range(len(names)), texts, fontsize=8)
    axes.invert_yaxis()
    axes.set(xlim=(0, 1.1), xlabel="intersection over union, 1 is perfect")
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.plot([], [], color="black", label="95 % interval, over images")
    axes.plot([], [], "D", color="tab:red", markersize=5, label="the commonest class everywhere")
    figure.legend(loc="outside lower center", ncols=2, fontsize=8, frameon=False)
    return figure
