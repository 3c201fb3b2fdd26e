"""Batches for `fit`: whole ones, shuffled the same way on every machine."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray


class Batches(keras.utils.PyDataset):
    """Whole batches of a split, in an order that follows from the seed and the epoch.

    Args:
        inputs: `(n, ...)`; memory-mapped arrays are read a batch at a time.
        labels: `(n,)`.
        batch_size: Examples in a batch; the last one of an epoch is shorter.
        encode: From labels `(m,)` to what the loss takes, `(m, ...)`.
        seed: Shuffles; None leaves the order as it is.
        augment: Applied to the inputs of a batch on the host, `(n, ...)` to the same.
    """

    def __init__(
        self,
        inputs: NDArray[Any],
        labels: NDArray[np.int64],
        batch_size: int,
        encode: Callable[[NDArray[np.int64]], NDArray[Any]],
        seed: int | None = None,
        augment: Callable[[NDArray[Any]], Any] | None = None,
    ) -> None:
        super().__init__()
        self.inputs, self.labels, self.batch_size = inputs, labels, batch_size
        self.encode, self.seed, self.augment = encode, seed, augment
        self.epoch = -1
        self.on_epoch_end()

    def __len__(self) -> int:
        return -(-len(self.labels) // self.batch_size)

    def __getitem__(self, index: int) -> tuple[Any, NDArray[Any]]:
        # Ascending rows read a memory map in one direction; their order within a batch is free.
        rows = np.sort(self.order[index * self.batch_size : (index + 1) * self.batch_size])
        inputs, targets = self.inputs[rows], self.encode(self.labels[rows])
        return self.augment(inputs) if self.augment else inputs, targets

    def on_epoch_end(self) -> None:
        """Draws the order of the next epoch."""
        self.epoch += 1
        self.order = np.arange(len(self.labels))
        if self.seed is not None:
            np.random.default_rng((self.seed, self.epoch)).shuffle(self.order)
