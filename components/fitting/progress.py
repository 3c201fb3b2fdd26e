"""How far a training is, and how long it will take; silent where nobody watches."""

from collections.abc import Mapping

import keras
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class ProgressBar(keras.callbacks.Callback):
    """One line with the epoch, the metrics and the time left; only on a terminal."""

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        """Called by Keras."""
        columns = (
            TextColumn("epoch"),
            MofNCompleteColumn(),
            BarColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
        )
        self.progress = Progress(*columns)
        self.progress.disable = not self.progress.console.is_terminal
        self.task = self.progress.add_task("", total=self.params["epochs"])
        self.progress.start()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Called by Keras."""
        shown = "  ".join(f"{name} {value:.4f}" for name, value in (logs or {}).items())
        self.progress.update(self.task, advance=1, description=shown)

    def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:
        """Called by Keras."""
        self.progress.stop()
