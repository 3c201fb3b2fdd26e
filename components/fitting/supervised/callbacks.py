"""What is called while a network is fitted: what keeps the best, what stops, and who is told."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from components.config.task import Task
from components.fitting.supervised import Supervised, rates
from components.fitting.watch import Watch, Work


class FiniteEarlyStopping(keras.callbacks.EarlyStopping):
    """As Keras's, which takes a first NaN for the best value that there can be."""

    def get_monitor_value(self, logs: Mapping[str, float] | None) -> float | None:
        """The value of an epoch; None where it is not a number, and so neither best nor worse."""
        value = super().get_monitor_value(logs)
        return value if value is not None and np.isfinite(value) else None


class Watched(keras.callbacks.Callback):
    """Tells a `Watch` what Keras tells its callbacks; of steps, `Steps` does."""

    def __init__(self, watch: Watch, work: Work) -> None:
        super().__init__()
        self.watch, self.work = watch, work

    def on_train_begin(self, logs: Any = None) -> None:
        """Called by Keras."""
        self.watch.begin(self.work)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Called by Keras."""
        self.model.stop_training |= self.watch.epoch(epoch, dict(logs or {}))

    def on_train_end(self, logs: Any = None) -> None:
        """Called by Keras."""
        self.watch.end()


def best_and_early(config: Supervised, task: Task) -> Sequence[FiniteEarlyStopping]:
    """What keeps the best weights, then what stops."""
    monitor = config.checkpoint.monitor
    keeps_best = FiniteEarlyStopping(
        monitor, patience=config.epochs, mode=rates.mode(task, monitor), restore_best_weights=True
    )
    if (early := config.early_stopping) is None:
        return [keeps_best]
    stops = FiniteEarlyStopping(**early.model_dump(), mode=rates.mode(task, early.monitor))
    return [keeps_best, stops]
