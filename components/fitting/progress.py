"""How far a training is, and how long it will take: for whoever watches, and for MLflow."""

import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import keras
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from components.base.words import duration

Logs = Mapping[str, float] | None

FIRST, STEPS = 2, 10  # steps that are slow since they compile, and that the estimate is made of
WORTH_S = 20  # a training that takes less needs no estimate
PAUSE_S = 30  # between two lines, where the output is no terminal


class Watch(keras.callbacks.Callback):
    """Says how long the training will take, after its first few steps, and then how far it is.

    On a terminal in one line that is written over, elsewhere in a line now and then.

    Args:
        name: The pipeline's.
        monitor: The column of the learning curves that is shown beside the loss.
        examples: In an epoch.
    """

    async_safe = True  # Keras then calls `on_train_batch_end` without making the next step wait

    def __init__(self, name: str, monitor: str, examples: int) -> None:
        super().__init__()
        self.name, self.monitor, self.examples = name, monitor, examples
        self.seconds_per_epoch: float | None = None
        """Estimated from the first steps, then measured; without validation at first."""

    def on_train_begin(self, logs: Logs = None) -> None:
        """Called by Keras."""
        columns = (
            TextColumn("epoch"),
            MofNCompleteColumn(),
            BarColumn(bar_width=None),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
        )
        self.progress = Progress(*columns, expand=True)
        self.is_terminal = self.progress.console.is_terminal
        self.progress.disable = not self.is_terminal
        self.task = self.progress.add_task("", total=self.params["epochs"])
        self.progress.start()
        self.begun = self.said = time.monotonic()
        self.steps: list[float] = []

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Called by Keras, in a thread of its own."""
        enough = min(FIRST + STEPS, self.params["steps"] or 0)
        if self.seconds_per_epoch is None and len(self.steps) < enough:
            self.steps.append(time.monotonic())
            if len(self.steps) == enough > FIRST:
                self._estimate()

    def _estimate(self) -> None:
        seconds = (self.steps[-1] - self.steps[FIRST - 1]) / (len(self.steps) - FIRST)
        self.seconds_per_epoch = seconds * self.params["steps"]
        total = self.seconds_per_epoch * self.params["epochs"]
        if total > WORTH_S:
            rate = self.examples / self.seconds_per_epoch
            self._say(f"about {duration(total)} for {self.params['epochs']} epochs, {rate:,.0f} /s")

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Called by Keras."""
        now = time.monotonic()
        self.seconds_per_epoch = (now - self.begun) / (epoch + 1)
        values = {name: (logs or {}).get(name) for name in dict.fromkeys(("loss", self.monitor))}
        shown = " ".join(
            f"{name} {value:.4f}" for name, value in values.items() if value is not None
        )
        self.progress.update(self.task, advance=1, description=shown)
        if not self.is_terminal and now - self.said > PAUSE_S:
            left = (self.params["epochs"] - epoch - 1) * self.seconds_per_epoch
            done = f"epoch {epoch + 1} of {self.params['epochs']}"
            self._say(f"{done}: {shown}; at most {duration(left)} left")

    def on_train_end(self, logs: Logs = None) -> None:
        """Called by Keras."""
        self.progress.stop()

    def _say(self, text: str) -> None:
        self.said = time.monotonic()
        sys.stdout.write(f"{self.name}: {text}\n")  # above the line, which rich sees to
        sys.stdout.flush()


class Curves(keras.callbacks.Callback):
    """Hands each epoch's metrics on, as to an MLflow run.

    Args:
        log: Takes the metrics and `step`, the epoch counted from 0.
    """

    def __init__(self, log: Callable[..., None]) -> None:
        super().__init__()
        self.log = log

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Called by Keras."""
        self.log(logs or {}, step=epoch)
