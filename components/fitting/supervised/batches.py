"""Batches for `fit`: whole ones, shuffled the same way on every machine."""

import time
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from components.data.dataset import Split
from components.fitting.supervised.augmentation import Augment, Columns
from components.fitting.supervised.weights import Weights
from components.tasks.head import Targets


class Batches(keras.utils.PyDataset):
    """Whole batches of a split, in an order that follows from the seed and the epoch.

    Which epoch it is, `begin` is told: Keras calls `on_epoch_end` before the first one, too.

    Args:
        split: Model-ready; memory-mapped arrays are read a batch at a time.
        batch_size: Examples in a batch; the last one of an epoch is shorter.
        targets: From the values of the target columns to what the loss takes.
        seed: Shuffles; None leaves the order as it is.
        augment: Applied to a batch on the host; what it draws follows from seed, epoch and batch.
        weights: How much each example counts; None is alike.
    """

    def __init__(
        self,
        split: Split,
        batch_size: int,
        targets: Targets,
        seed: int | None = None,
        augment: Augment | None = None,
        weights: Weights | None = None,
    ) -> None:
        super().__init__()
        self.count, self.inputs = len(split), split.input
        self.learned = {name: split[name] for name in split.schema.targets}
        self.batch_size, self.targets, self.seed = batch_size, targets, seed
        self.augment, self.weights = augment, weights
        self.total = -(-self.count // batch_size)
        """Batches of a whole epoch."""
        self.seconds = 0.0
        """That making batches has taken."""
        self.begin(0)

    def __len__(self) -> int:
        return self.total - self.first

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        begun = time.perf_counter()
        made = self._made(self.first + index)
        self.seconds += time.perf_counter() - begun
        return made

    def rows(self, batch: int) -> NDArray[np.int64]:
        """The examples of a batch of this epoch, as rows of the split."""
        # Ascending rows read a memory map in one direction; their order within a batch is free.
        return np.sort(self.order[batch * self.batch_size : (batch + 1) * self.batch_size])

    def _made(self, index: int) -> tuple[Any, ...]:
        rows = self.rows(index)
        inputs = self.inputs[rows]
        columns: Columns = {name: values[rows] for name, values in self.learned.items()}
        if self.augment:
            inputs, columns = self.augment(inputs, columns, (self.seed or 0, self.epoch, index))
        if self.weights:
            return inputs, self.targets(columns), self.weights(columns)
        return inputs, self.targets(columns)

    def begin(self, epoch: int, first: int = 0) -> None:
        """Draws the order of an epoch, of which the batches before the first are left out."""
        self.epoch, self.first = epoch, first
        self.order = np.arange(self.count)
        if self.seed is not None:
            np.random.default_rng((self.seed, epoch)).shuffle(self.order)
