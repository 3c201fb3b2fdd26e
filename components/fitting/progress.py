"""How far a fit is, and how long it will take, for whoever watches."""

import sys
import time
from collections.abc import Mapping

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from components.base.words import duration
from components.fitting.watch import Watcher, Work

FIRST, STEPS = 2, 10  # steps that are slow since they compile, and that the estimate is made of
WORTH_S = 20  # a training that takes less needs no estimate
PAUSE_S = 30  # between two lines, where the output is no terminal


class Shown(Watcher):
    """Says how long the fit will take, after its first few steps, and then how far it is.

    On a terminal in one line that is written over, elsewhere in a line now and then.

    Args:
        name: The pipeline's.
        monitor: The column of the learning curves that is shown beside the loss.
    """

    def __init__(self, name: str, monitor: str) -> None:
        self.name, self.monitor = name, monitor
        self.seconds_per_epoch: float | None = None
        """Estimated from the first steps, then measured; without validation at first."""
        self.progress: Progress | None = None

    def begin(self, work: Work) -> None:
        """Begins to measure."""
        columns = (
            TextColumn("epoch"),
            MofNCompleteColumn(),
            BarColumn(bar_width=None),
            TimeRemainingColumn(),
            TextColumn("{task.description}", markup=False),
        )
        self.work = work
        self.progress = progress = Progress(*columns, expand=True)
        self.is_terminal = progress.console.is_terminal
        progress.disable = not self.is_terminal
        self.task = progress.add_task("", total=work.epochs, completed=work.done)
        progress.start()
        self.begun = self.said = time.monotonic()
        self.steps: list[float] = []
        if work.done or work.first:
            place = f"after {work.done} of {work.epochs} epochs and {work.first} steps"
            self._say(f"goes on where it was stopped, {place}")

    def note(self, text: str) -> None:
        """Says it."""
        self._say(text)

    def step(self) -> None:
        """Estimates, after a few steps; called in a thread of its own."""
        enough = min(FIRST + STEPS, self.work.steps)
        if self.seconds_per_epoch is None and len(self.steps) < enough:
            self.steps.append(time.monotonic())
            if len(self.steps) == enough > FIRST:
                self._estimate()

    def _estimate(self) -> None:
        seconds = (self.steps[-1] - self.steps[FIRST - 1]) / (len(self.steps) - FIRST)
        self.seconds_per_epoch = seconds * self.work.steps
        epochs = self.work.epochs - self.work.done
        total = self.seconds_per_epoch * epochs
        if total > WORTH_S:
            rate = self.work.examples / self.seconds_per_epoch
            self._say(f"about {duration(total)} for {epochs} epochs, {rate:,.0f} /s")

    def epoch(self, number: int, values: Mapping[str, float]) -> bool:
        """Shows where it is."""
        now, done = time.monotonic(), self.work.done
        if number < done:
            return False
        self.seconds_per_epoch = (now - self.begun) / (number + 1 - done)
        kept = {name: values.get(name) for name in dict.fromkeys(("loss", self.monitor))}
        shown = " ".join(f"{name} {value:.4f}" for name, value in kept.items() if value is not None)
        if self.progress is not None:
            self.progress.update(self.task, advance=1, description=shown)
        if not self.is_terminal and now - self.said > PAUSE_S:
            left = (self.work.epochs - number - 1) * self.seconds_per_epoch
            place = f"epoch {number + 1} of {self.work.epochs}"
            self._say(f"{place}: {shown}; at most {duration(left)} left")
        return False

    def end(self) -> None:
        """Leaves the line, if there is one; to say so twice does no harm."""
        if self.progress is not None:
            self.progress.stop()

    def _say(self, text: str) -> None:
        self.said = time.monotonic()
        sys.stdout.write(f"{self.name}: {text}\n")  # above the line, which rich sees to
        sys.stdout.flush()
