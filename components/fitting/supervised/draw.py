"""Pictures of a training: the loss of its steps, the range test, and its layers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter
from numpy.typing import NDArray

from components.fitting.supervised.range_test import Range, moving_average

SMOOTH = 0.9  # of the moving average
SHOWN, COLUMNS, BINS = 12, 4, 40  # layers whose outputs are drawn; in a row; bins of each
LABELS, EPOCHS = 40, 5  # layers and epochs that are named along an axis
NONE = 1e-12  # a size below which gradients are drawn as if they had none

Look = Mapping[str, Any]
"""What was seen of the layers after some epochs."""
Panel = tuple[str, list[str], NDArray[np.float64], tuple[float, float] | None]
"""A title, layers, values `(layers, looks)`, and their ends where they have some."""


def figures(learned: Mapping[str, Any]) -> dict[str, Figure]:
    """By caption; only of what there is.

    Args:
        learned: What `train` has written: `losses`, `range_test`, `layers` and `history`.
    """
    found = {}
    if losses := learned.get("losses"):
        found["Loss of steps, means of a few, and their moving average"] = steps(losses)
    if points := learned.get("range_test"):
        rate = max(learned["history"]["learning_rate"])
        found["Range test, the loss while the learning rate grows from step to step"] = tried(
            points, rate
        )
    looks = learned.get("layers")
    if looks and looks[0]["layers"]:
        found["Outputs of layers, at the start and after epochs"] = outputs(looks)
        if panels := list(_panels(looks)):
            found["Gradients of layers, at the start and after epochs"] = sizes(panels, looks)
    return found


def steps(losses: Sequence[Sequence[float]]) -> Figure:
    """The loss against the steps, which are counted in epochs."""
    places = [
        epoch + (place + 0.5) / len(one)
        for epoch, one in enumerate(losses)
        for place in range(len(one))
    ]
    values = np.concatenate([np.asarray(one, float) for one in losses])
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    axes = figure.subplots()
    axes.plot(places, values, color="tab:blue", alpha=0.35, linewidth=1, label="steps")
    smooth = list(moving_average(values, SMOOTH))
    axes.plot(places, smooth, color="tab:blue", label="moving average")
    axes.set(xlabel="epochs", ylabel="loss of training", xlim=(0, len(losses)))
    if values.min() > 0:
        axes.set_yscale("log")
        _plain(axes.yaxis)
    axes.legend()
    return figure


def tried(points: Sequence[Sequence[float]], rate: float) -> Figure:
    """The loss against the learning rate, with the rate of the training."""
    found = Range.of(points)
    figure = Figure(figsize=(7, 3.5), layout="constrained")
    axes = figure.subplots()
    axes.plot(found.rates, found.losses)
    if suggested := found.suggested:
        label = f"suggested {suggested:.1g}"
        axes.axvline(suggested, color="tab:green", linestyle="--", label=label)
    axes.axvline(rate, color="gray", linestyle=":", label=f"highest of the training {rate:.2g}")
    axes.set(xscale="log", xlabel="learning rate", ylabel="loss, moving average")
    _plain(axes.xaxis)
    axes.legend()
    return figure


def _plain(axis: Axis) -> None:
    """Numbers as people write them, and not as powers, which are formulas."""
    axis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set_minor_formatter(NullFormatter())


def outputs(looks: Sequence[Look]) -> Figure:
    """How the outputs of each layer are distributed, a column for each look, darker where more are.

    Of many layers some, from the first to the last.
    """
    names = [row["layer"] for row in looks[0]["layers"]]
    chosen = _some(len(names), SHOWN)
    rows, columns = -(-len(chosen) // COLUMNS), min(COLUMNS, len(chosen))
    figure = Figure(figsize=(10, 0.5 + 2 * rows), layout="constrained")
    every = np.ravel(figure.subplots(rows, columns, squeeze=False))
    for axes in every[len(chosen) :]:
        axes.set_axis_off()
    for axes, place in zip(every, chosen, strict=False):
        _distributions(axes, [look["layers"][place] for look in looks])
        axes.set_title(names[place], fontsize=8)
        _epochs(axes, looks)
    return figure


def _distributions(axes: Axes, rows: Sequence[Mapping[str, Any]]) -> None:
    """A column for each look."""
    known = [row for row in rows if row["histogram"]]
    if not known:
        axes.text(0.5, 0.5, "no numbers", ha="center")
        return
    low, high = min(row["low"] for row in known), max(row["high"] for row in known)
    edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
    shares = np.stack([_rebinned(row, edges) for row in rows], axis=1)
    # Of a layer with many zeros all else would be pale.
    extent = (-0.5, len(rows) - 0.5, float(edges[0]), float(edges[-1]))
    axes.imshow(np.sqrt(shares), aspect="auto", origin="lower", cmap="Blues", extent=extent)
    axes.tick_params(labelsize=7)


def _rebinned(row: Mapping[str, Any], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares of the outputs between other edges."""
    if not row["histogram"]:
        return np.zeros(len(edges) - 1)
    own = np.linspace(row["low"], max(row["high"], row["low"] + 1e-9), len(row["histogram"]) + 1)
    below = np.concatenate([[0], np.cumsum(row["histogram"])]) / sum(row["histogram"])
    return np.diff(np.interp(edges, own, below, left=0, right=1))


def sizes(panels: Sequence[Panel], looks: Sequence[Look]) -> Figure:
    """The size of the gradients beside that of the weights, and what is dead or saturated."""
    height = 1.5 + 0.22 * max(len(names) for _, names, _, _ in panels)
    figure = Figure(figsize=(10, min(12, height)), layout="constrained")
    for axes, (title, names, values, ends) in zip(
        figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True
    ):
        low, high = ends or (None, None)
        image = axes.imshow(values, aspect="auto", cmap="viridis", vmin=low, vmax=high)
        figure.colorbar(image, ax=axes)
        shown = _some(len(names), LABELS)
        axes.set_yticks(shown, [names[place] for place in shown], fontsize=7)
        axes.set_title(title, fontsize=9)
        _epochs(axes, looks)
    return figure


def _panels(looks: Sequence[Look]) -> Iterator[Panel]:
    table = {
        row["layer"]: [look["layers"][place] for look in looks]
        for place, row in enumerate(looks[0]["layers"])
    }
    learned = {name: rows for name, rows in table.items() if rows[0]["gradient"] is not None}
    if learned:
        beside = [
            [_number(row["gradient"]) / (_number(row["weight"]) or 1) for row in rows]
            for rows in learned.values()
        ]
        title = "gradient / weight, power of ten"
        yield title, list(learned), np.log10(np.maximum(beside, NONE)), None
    for name, of in (("dead", "units"), ("saturated", "outputs")):
        seen = {
            layer: [_number(row[name]) for row in rows]
            for layer, rows in table.items()
            if any(row[name] is not None for row in rows)
        }
        if seen:
            shares = np.array(list(seen.values()))
            yield f"share of {of} that are {name}", list(seen), shares, (0.0, 1.0)


def _epochs(axes: Axes, looks: Sequence[Look]) -> None:
    """The looks along an axis, by the epochs before them."""
    shown = _some(len(looks), EPOCHS)
    axes.set_xticks(shown, [str(looks[place]["epochs"]) for place in shown], fontsize=7)


def _number(value: float | None) -> float:
    """Where JSON has null, there was none."""
    return float("nan") if value is None else value


def _some(count: int, most: int) -> NDArray[np.int64]:
    """Places of a few, from the first to the last."""
    return np.unique(np.linspace(0, count - 1, most).round().astype(int))
