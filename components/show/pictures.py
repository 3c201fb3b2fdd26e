"""The pictures that people look at. Matplotlib's own renderer, no display."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from components.base.files import replacing
from components.data.dataset import Facts, Split
from components.data.images import pixels

mpl.use("Agg")

LARGE = 256  # pixels a side, more than any picture here shows


def save(figure: Figure, path: Path) -> None:
    """Writes a PNG file; the same figure gives the same bytes."""
    with replacing(path) as beside:
        figure.savefig(beside, format="png", dpi=110, metadata={"Software": None})


def grid(images: Sequence[NDArray[Any]], titles: Sequence[str], columns: int) -> Figure:
    """Images `(height, width, channels)`, each stretched to its own range, with titles."""
    columns = max(1, min(columns, len(images)))
    rows = max(1, -(-len(images) // columns))
    lines = max((title.count("\n") for title in titles), default=0)
    size = (columns * 1.1, rows * (1.3 + 0.1 * lines) + 0.2)
    figure = Figure(figsize=size, layout="compressed")
    for axes in np.ravel(figure.subplots(rows, columns, squeeze=False)):
        axes.set_axis_off()
    for axes, image, title in zip(figure.axes, images, titles, strict=False):
        axes.imshow(displayable(image), cmap="gray")
        axes.set_title(title, fontsize=7)
    return figure


def examples(split: Split, facts: Facts, per_class: int = 8) -> Figure:
    """Class balance, and the first examples of each of the first classes."""
    shown, hidden = facts.classes[:12], len(facts.classes[12:])
    figure = Figure(figsize=(10, 1.2 + 0.75 * len(shown)), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1, 2])
    counts = np.bincount(split.labels, minlength=len(facts.classes))
    left.barh(shown, counts[: len(shown)], color="tab:blue")
    left.set_ylim(len(shown) - 0.5, -0.5)  # so that a bar is level with its examples
    left.set_xlabel(f"training examples{f', {hidden} more classes' if hidden else ''}")
    right.set_axis_off()
    if facts.is_image:
        _mosaic(right, split, facts, len(shown), per_class)
    else:
        right.text(0.5, 0.5, f"{facts.shape[0]} features an example", ha="center")
    return figure


def _mosaic(axes: Axes, split: Split, facts: Facts, classes: int, per_class: int) -> None:
    """One row of examples for each class."""
    for label in range(classes):
        for place, row in enumerate(np.flatnonzero(split.labels == label)[:per_class]):
            inset = axes.inset_axes(
                (place / per_class, 1 - (label + 1) / classes, 0.95 / per_class, 0.95 / classes)
            )
            inset.imshow(displayable(pixels(split, int(row), facts)), cmap="gray")
            inset.set_axis_off()


def learning_curves(history: Mapping[str, Sequence[float]], best: int, title: str) -> Figure:
    """Loss and accuracy of train and validation split against the epoch.

    Args:
        history: Columns of equal length: `loss`, `val_loss`, `accuracy`, `val_accuracy`.
        best: Position of the epoch whose weights are kept.
        title: What the curves say, in words.
    """
    figure = Figure(figsize=(10, 4), layout="constrained")
    figure.suptitle(title, fontsize=9)
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        epochs = np.arange(1, len(history[name]) + 1)
        # Not clipped: a curve along the end of an axis is as wide as elsewhere.
        axes.plot(epochs, history[name], label="train", clip_on=False)
        axes.plot(epochs, history[f"val_{name}"], label="validation", clip_on=False)
        axes.axvline(best + 1, color="gray", linestyle=":", label="kept")
        axes.set(xlabel="epoch", ylabel=name, xlim=(1, max(2, len(epochs))))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        if name == "accuracy":
            axes.set_ylim(top=1)  # where the values end
        axes.legend(loc="lower right" if name == "accuracy" else "upper right")
    return figure


def confusion(matrix: NDArray[np.int64], classes: Sequence[str]) -> Figure:
    """Counts by actual class (row) and predicted class (column), coloured by share of the row."""
    size = max(4.0, 0.45 * len(classes) + 1.5)
    figure = Figure(figsize=(size, size), layout="constrained")
    axes = figure.subplots()
    axes.imshow(matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1), cmap="Blues", vmin=0)
    is_short = max(map(len, classes), default=0) <= 3
    axes.set_xticks(range(len(classes)), classes, rotation=0 if is_short else 90)
    axes.set_yticks(range(len(classes)), classes)
    axes.set(xlabel="predicted", ylabel="actual")
    if len(classes) <= 30:
        for (row, column), count in np.ndenumerate(matrix):
            colour = "white" if count > 0.5 * matrix[row].sum() else "black"
            axes.text(column, row, str(count), ha="center", va="center", fontsize=8, color=colour)
    return figure


def reliability(
    confidence: Sequence[float], accuracy: Sequence[float], counts: Sequence[int]
) -> Figure:
    """Accuracy against confidence, one point a bin, its size by the examples in it."""
    figure = Figure(figsize=(4.5, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="gray", linestyle=":")
    sizes = 20 + 200 * np.asarray(counts) / max(1, sum(counts))
    axes.scatter(confidence, accuracy, s=sizes, clip_on=False, zorder=3)
    axes.plot(confidence, accuracy, linewidth=1)
    axes.set(xlabel="confidence", ylabel="accuracy", xlim=(0, 1), ylim=(0, 1))
    return figure


def tradeoff(models: Sequence[Mapping[str, Any]], limit: float) -> Figure:
    """Size, and loss of test accuracy with its interval, one row a model.

    Args:
        models: Each with `method`, `size_bytes`, `refused`, `accuracy_drop`, `accuracy_drop_low`
            and `accuracy_drop_high`; those without a size could not be made.
        limit: Of the gate.
    """
    shown = [one for one in models if one["size_bytes"] is not None]
    names = [f"{one['method']}{' (left out)' if one['refused'] else ''}" for one in shown]
    colours = ["lightgray" if one["refused"] else "tab:blue" for one in shown]
    figure = Figure(figsize=(10, 1.4 + 0.5 * len(shown)), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    sizes = [one["size_bytes"] / 1000 for one in shown]
    bars = left.barh(names, sizes, color=colours)
    left.bar_label(bars, [f"{size:,.1f} kB" for size in sizes], padding=3, fontsize=8)
    left.set(xlabel="size, kB", xlim=(0, 1.25 * max(sizes, default=1)))
    left.invert_yaxis()
    for place, (one, colour) in enumerate(zip(shown, colours, strict=True)):
        drop, low, high = (100 * one[f"accuracy_drop{part}"] for part in ("", "_low", "_high"))
        right.plot([low, high], [place, place], color=colour, linewidth=2)
        right.plot(drop, place, "o", color=colour)
    right.axvline(0, color="gray", linewidth=0.8)
    right.axvline(100 * limit, color="tab:red", linestyle=":", label="allowed")
    right.set_xlabel("loss of test accuracy, points, with 95 % interval")
    right.legend(loc="best", fontsize=8)
    return figure


def displayable(image: NDArray[Any]) -> NDArray[Any]:
    """Values stretched to 0..1, one channel without its axis, a vector as one row.

    Of a large image every second pixel, or fewer: a figure keeps all that it is given.
    """
    step = 1 if image.ndim == 1 else max(1, max(image.shape[:2]) // LARGE)
    image = np.asarray(image[::step, ::step] if step > 1 else image, np.float32)
    low, high = float(image.min()), float(image.max())
    image = (image - low) / (high - low or 1)
    if image.ndim == 1:
        return image[np.newaxis]
    return image[..., 0] if image.shape[-1] == 1 else image[..., :3]
