"""Whether steps wait for their data."""

import time
from typing import Any

import keras

from components.fitting.supervised.batches import Batches
from components.fitting.watch import Watch

STARVED = 0.95  # of an epoch's time; what is made beside the steps costs none of it
LEAST_S = 1.0  # that an epoch takes which is measured
AUGMENTED = "their augmentation; copies of `augment.copies` are varied once, before"
READ = "their examples; on a faster disk, or made smaller by preprocess, they come sooner"


class Feeding(keras.callbacks.Callback):
    """Says so, once, and to nobody but who watches: how fast a disk is, changes no model.

    Args:
        batches: Of the training.
        watch: Is told.
    """

    def __init__(self, batches: Batches, watch: Watch) -> None:
        super().__init__()
        self.batches, self.watch, self.is_said = batches, watch, False

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Called by Keras."""
        self.begun = self.last = time.perf_counter()
        self.batches.seconds = 0.0

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Called by Keras."""
        self.last = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Called by Keras."""
        whole, share = self.last - self.begun, 0.0
        if whole > LEAST_S:
            share = min(1.0, self.batches.seconds / whole)
            self.watch.values({"data_share": share}, epoch)
        if share > STARVED and not self.is_said:
            self.is_said = True
            what = f"making batches takes {share:.0%} of the time, and steps wait for"
            why = AUGMENTED if self.batches.augment else READ
            self.watch.note(f"epoch {epoch + 1}: {what} {why}")
