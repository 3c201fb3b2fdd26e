"""The train split as its loss sees it, a few examples at a time."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from components.data.dataset import Split
from components.fitting.supervised.weights import Weights
from components.tasks.head import Head

# Examples that the loss of a guess is taken of, and values, such as pixels.
GUESSED, LEAST_GUESSED, GUESSED_VALUES = 16_384, 16, 1_000_000


@dataclass(frozen=True)
class Examples:
    """What the loss says of examples."""

    split: Split
    head: Head
    weighed: Weights | None = None
    """How much each counts in a guess; None is alike."""

    def of(self, rows: NDArray[np.int64]) -> tuple[Any, Any]:
        """Their inputs, `(n, ...)`, and what the loss takes of their targets."""
        return self.split.input[rows], self.head.targets(self._columns(rows))

    def some(self, count: int) -> NDArray[np.int64]:
        """Rows of so many, or of all, from everywhere."""
        return np.linspace(0, len(self.split) - 1, min(count, len(self.split))).astype(int)

    def name(self, row: int) -> str:
        """What people call an example."""
        return self.split.name(row) or f"example {self.split.row(row)} of train"

    def losses(self, model: keras.Model, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """The loss of each, `(n,)`, as the network is now."""
        inputs, targets = self.of(rows)
        outputs = model(inputs, training=False)
        # One by one: some losses, such as Dice, give one number for all that they are given.
        each = (slice(place, place + 1) for place in range(len(rows)))
        return np.array([float(self.head.loss(targets[one], outputs[one])) for one in each])

    def distances(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """How far the inputs of each are from what is usual among them, `(n,)`."""
        inputs = np.asarray(self.split.input[rows], float).reshape(len(rows), -1)
        return np.asarray(np.linalg.norm(inputs - np.median(inputs, axis=0), axis=1))

    def guess(self) -> float | None:
        """The loss of the best answer that is the same for every example; None without one."""
        if self.head.guess is None:
            return None
        size = sum(np.size(self.split[name][:1]) for name in self.split.schema.targets)
        rows = self.some(min(GUESSED, max(LEAST_GUESSED, GUESSED_VALUES // size)))
        columns = self._columns(rows)
        targets = self.head.targets(columns)
        sample_weight = self.weighed(columns) if self.weighed else None
        loss = float(self.head.loss(targets, self.head.guess(targets), sample_weight))
        return loss if loss > 0 else None  # of one that goes below 0, nothing is told by its size

    def _columns(self, rows: NDArray[np.int64]) -> dict[str, Any]:
        return {name: self.split[name][rows] for name in self.split.schema.targets}
