"""Pictures of how predictions of a class are right and wrong."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray


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
