"""How much each example counts in the loss, by its class."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.base.masks import IGNORE
from components.config.task import Task
from components.data.dataset import Split
from components.fitting.supervised import Supervised
from components.tasks.head import values

Weights = Callable[[Mapping[str, Any]], NDArray[np.float32]]
"""From the values of the target columns to a weight for each value of the loss."""
ROWS = 1024  # that are counted at once


def weights(config: Supervised, task: Task, split: Split) -> Weights | None:
    """The weights that a section asks for; None where every example counts alike."""
    names = task.classes(split.schema)
    if config.class_weight is None:
        return None
    if isinstance(config.class_weight, Mapping):
        given = np.array([config.class_weight.get(name, 1.0) for name in names])
    else:
        given = _balanced(split, len(names))
    # What counts for nothing is left out by the loss; it only needs a place in the table.
    table = np.zeros(max(len(names), IGNORE + 1), np.float32)
    table[: len(names)] = given
    return lambda columns: table[values(columns)]


def _balanced(split: Split, classes: int) -> NDArray[np.float64]:
    """`n / (classes * count)`, as scikit-learn's `balanced`; 1 for a class without an example."""
    (name,) = split.schema.targets
    counts = np.zeros(classes, np.int64)
    for at in range(0, len(split), ROWS):
        found = np.asarray(split[name][at : at + ROWS]).ravel()
        counts += np.bincount(found[found != IGNORE] if classes <= IGNORE else found)[:classes]
    return np.where(counts, counts.sum() / (classes * np.maximum(counts, 1)), 1.0)
