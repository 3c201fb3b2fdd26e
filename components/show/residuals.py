"""Pictures of how predictions of a number miss."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

SHOWN = 5000  # points: more only blacken the picture


def residuals(targets: NDArray[Any], predicted: NDArray[Any], unit: str = "") -> Figure:
    """Predicted against true, residual against predicted, and how residuals are spread.

    Args:
        targets: `(n,)`.
        predicted: `(n,)`.
        unit: Name of the target, and its unit, for the axes.
    """
    step = max(1, len(targets) // SHOWN)
    true, said = (np.asarray(one, np.float64)[::step] for one in (targets, predicted))
    missed = np.asarray(predicted, np.float64) - np.asarray(targets, np.float64)
    figure = Figure(figsize=(12, 4), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    style = {"s": 14, "alpha": 0.6 if len(true) < 1000 else 0.25, "linewidths": 0}
    ends = [min(true.min(), said.min()), max(true.max(), said.max())]
    left.scatter(true, said, **style)
    left.plot(ends, ends, color="gray", linestyle=":")
    left.set(xlabel=f"true {unit}".strip(), ylabel=f"predicted {unit}".strip())
    left.set_aspect("equal", adjustable="datalim")
    middle.scatter(said, missed[::step], **style)
    middle.axhline(0, color="gray", linestyle=":")
    middle.set(xlabel=f"predicted {unit}".strip(), ylabel="predicted less true")
    right.hist(missed, bins=min(40, max(5, round(len(missed) ** 0.5))), color="tab:blue")
    right.axvline(0, color="gray", linestyle=":")
    right.axvline(float(missed.mean()), color="tab:red", linewidth=1, label="mean")
    right.set(xlabel="predicted less true", ylabel="examples")
    right.legend(loc="upper right", fontsize=8)
    return figure
