"""A fit that came to nothing, and the best of one that did not."""

from collections.abc import Mapping, Sequence

import numpy as np

from components.base.errors import Stop
from components.config.task import Metric


class Diverged(Stop):
    """The loss became NaN or infinite."""


def best_value(history: Mapping[str, Sequence[float]], monitor: str, metric: Metric) -> float:
    """The best value of a column; NaN is none.

    Args:
        history: The learning curves.
        monitor: The column.
        metric: What it is of, which says which value is best.

    Raises:
        Diverged: No value is a number.
    """
    values = np.asarray(history[monitor], float)
    if np.isnan(values).all():
        raise Diverged(f"train: {monitor} is not a number in any epoch")
    return float(np.nanmax(values) if metric.better == "higher" else np.nanmin(values))
