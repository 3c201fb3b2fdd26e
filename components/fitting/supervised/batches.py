"""Batches for `fit`: whole ones, shuffled the same way on every machine."""

from typing import Any

import keras
import numpy as np

from components.data.dataset import Split
from components.fitting.supervised.augmentation import Augment, Columns
from components.tasks.head import Targets


class Batches(keras.utils.PyDataset):
    """Whole batches of a split, in an order that follows from the seed and the epoch.

    Args:
        split: Model-ready; memory-mapped arrays are read a batch at a time.
        batch_size: Examples in a batch; the last one of an epoch is shorter.
        targets: From the values of the target columns to what the loss takes.
        seed: Shuffles; None leaves the order as it is.
        augment: Applied to a batch on the host.
    """

    def __init__(
        self,
        split: Split,
        batch_size: int,
        targets: Targets,
        seed: int | None = None,
        augment: Augment | None = None,
    ) -> None:
        super().__init__()
        self.count, self.inputs = len(split), split.input
        self.learned = {name: split[name] for name in split.schema.targets}
        self.batch_size, self.targets, self.seed, self.augment = batch_size, targets, seed, augment
        self.epoch = -1
        self.on_epoch_end()

    def __len__(self) -> int:
        return -(-self.count // self.batch_size)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        # Ascending rows read a memory map in one direction; their order within a batch is free.
        rows = np.sort(self.order[index * self.batch_size : (index + 1) * self.batch_size])
        inputs = self.inputs[rows]
        columns: Columns = {name: values[rows] for name, values in self.learned.items()}
        if self.augment:
            inputs, columns = self.augment(inputs, columns)
        return inputs, self.targets(columns)

    def on_epoch_end(self) -> None:
        """Draws the order of the next epoch."""
        self.epoch += 1
        self.order = np.arange(self.count)
        if self.seed is not None:
            np.random.default_rng((self.seed, self.epoch)).shuffle(self.order)
