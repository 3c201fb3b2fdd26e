"""The pictures that people look at. Matplotlib's own renderer, no display."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from components.base.files import replacing

mpl.use("Agg")
mpl.rcParams["text.parse_math"] = False  # a `$` in a class or a file's name is no formula


def save(figure: Figure, path: Path) -> None:
    """Writes a PNG file; the same figure gives the same bytes."""
    with replacing(path) as beside:
        figure.savefig(beside, format="png", dpi=110, metadata={"Software": None})


Draw = Callable[[Axes], None]
"""Draws one thing."""


def grid(draws: Sequence[Draw], titles: Sequence[str], columns: int) -> Figure:
    """Things that are drawn, with titles, in rows."""
    columns = max(1, min(columns, len(draws)))
    rows = max(1, -(-len(draws) // columns))
    lines = max((title.count("\n") for title in titles), default=0)
    size = (columns * 1.1, rows * (1.3 + 0.1 * lines) + 0.2)
    figure = Figure(figsize=size, layout="compressed")
    for axes in np.ravel(figure.subplots(rows, columns, squeeze=False)):
        axes.set_axis_off()
    for axes, draw, title in zip(figure.axes, draws, titles, strict=False):
        draw(axes)
        axes.set_title(title, fontsize=7)
    return fitted(figure)


def fitted(figure: Figure) -> Figure:
    """Takes off the height that images leave empty which are wider than high."""
    figure.draw_without_rendering()
    ends = [(box.y0, box.y1) for axes in figure.axes if (box := axes.get_tightbbox()) is not None]
    if ends:
        low, high = np.array(ends).T
        legends = sum(one.get_window_extent().height for one in figure.legends)
        inches = (high.max() - low.min() + legends) / figure.dpi + 0.3
        figure.set_figheight(min(figure.get_figheight(), float(inches)))
    return figure


def as_row(value: NDArray[Any]) -> Draw:
    """Draws a vector as a row of pixels."""

    def draw(axes: Axes) -> None:
        axes.imshow(np.ravel(value)[np.newaxis], cmap="gray", aspect="auto")

    return draw


def lines(texts: Sequence[str]) -> Figure:
    """A few texts, to be read."""
    figure = Figure(figsize=(10, 0.4 + 0.35 * max(1, len(texts))), layout="constrained")
    axes = figure.subplots()
    axes.set_axis_off()
    for place, text in enumerate(texts):
        axes.text(0, 1 - (place + 0.5) / len(texts), text, fontsize=8, va="center")
    return figure


def balance(counts: Mapping[str, int], draws: Mapping[str, Sequence[Draw]], note: str) -> Figure:
    """How many examples each class has, and a few of them in a row.

    Args:
        counts: Of the classes.
        draws: Of the classes that are shown.
        note: Stands in the place of the examples where none can be drawn.
    """
    shown, per_class = list(draws), max(map(len, draws.values()), default=0)
    hidden = len(counts) - len(shown)
    figure = Figure(figsize=(10, 1.2 + 0.75 * len(shown)), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1, 2])
    left.barh(shown, [counts[name] for name in shown], color="tab:blue")
    left.set_ylim(len(shown) - 0.5, -0.5)  # so that a bar is level with its examples
    left.set_xlabel(f"training examples{f', {hidden} more classes' if hidden else ''}")
    right.set_axis_off()
    if not per_class:
        right.text(0.5, 0.5, note, ha="center")
    for row, name in enumerate(shown):
        for place, draw in enumerate(draws[name]):
            inset = right.inset_axes(
                (
                    place / per_class,
                    1 - (row + 1) / len(shown),
                    0.95 / per_class,
                    0.95 / len(shown),
                )
            )
            draw(inset)
            inset.set_axis_off()
    return figure


def histograms(columns: Mapping[str, NDArray[Any]]) -> Figure:
    """How the values of each column are distributed: numbers in bins, text by its counts."""
    rows = max(1, -(-len(columns) // 4))
    figure = Figure(figsize=(10, 0.4 + 2 * rows), layout="constrained")
    every = np.ravel(figure.subplots(rows, min(4, max(1, len(columns))), squeeze=False))
    for axes in every[len(columns) :]:
        axes.set_axis_off()
    for axes, (name, values) in zip(every, columns.items(), strict=False):
        if values.dtype.kind in "fiu":
            axes.hist(values[np.isfinite(values)], bins=20, color="tab:blue")
        else:
            names, counts = np.unique(values, return_counts=True)
            order = np.argsort(-counts, kind="stable")[:12]
            axes.bar(names[order], counts[order], color="tab:blue")
            axes.tick_params("x", rotation=90 if len(order) > 4 else 0)
        axes.set_title(name, fontsize=9)
    return figure


def learning_curves(
    history: Mapping[str, Sequence[float]],
    best: int,
    title: str,
    highest: Mapping[str, float | None],
) -> Figure:
    """Loss and metrics of train and validation split against the epoch.

    Args:
        history: Columns of equal length: `loss`, perhaps `val_loss`, and so on.
        best: Position of the epoch whose weights are kept.
        title: What the curves say, in words.
        highest: For each curve where its values end, if they do.
    """
    names = [name for name in history if not name.startswith("val_")]
    figure = Figure(figsize=(max(5, 5 * len(names)), 4), layout="constrained")
    figure.suptitle(title, fontsize=9)
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        epochs = np.arange(1, len(history[name]) + 1)
        # Not clipped: a curve along the end of an axis is as wide as elsewhere.
        axes.plot(epochs, history[name], label="train", clip_on=False)
        if f"val_{name}" in history:
            axes.plot(epochs, history[f"val_{name}"], label="validation", clip_on=False)
        axes.axvline(best + 1, color="gray", linestyle=":", label="kept")
        axes.set(xlabel="epoch", ylabel=name.replace("_", " "), xlim=(1, max(2, len(epochs))))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        if (top := highest.get(name)) is not None:
            axes.set_ylim(top=top)
        axes.legend(loc="upper right" if name == "loss" else "lower right" if top else "best")
    return figure


def tradeoff(models: Sequence[Mapping[str, Any]], limit: float, metric: str) -> Figure:
    """Size, and by how much a metric gets worse, with its interval, one row a model.

    Args:
        models: Each with `method`, `size_bytes`, `refused`, `drop`, `drop_low` and `drop_high`;
            those without a size could not be made.
        limit: Of the gate.
        metric: Its title.
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
        drop, low, high = (one[f"drop{part}"] for part in ("", "_low", "_high"))
        right.plot([low, high], [place, place], color=colour, linewidth=2)
        right.plot(drop, place, "o", color=colour)
    right.axvline(0, color="gray", linewidth=0.8)
    right.axvline(limit, color="tab:red", linestyle=":", label="allowed")
    right.set_xlabel(f"test {metric} lost, with 95 % interval")
    right.legend(loc="best", fontsize=8)
    return figure
