"""How far a fit is, and how long it will take, for whoever watches."""

import sys
import threading
import time
from collections.abc import Mapping

import psutil
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from components.base.words import duration, size_of
from components.fitting.watch import Watcher, Work

FIRST, STEPS = 2, 10  # steps that are slow since they compile, and that the estimate is made of
WORTH_S = 20  # a training that takes less needs no estimate
PAUSE_S = 30  # between two lines, where the output is no terminal
REDRAWN_S = 0.5  # where it is one


class Shown(Watcher):
    """Says how long the fit will take, after its first few steps, and then how far it is, with
    examples a second and the memory of the process.

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
        self.lock = threading.Lock()

    def begin(self, work: Work) -> None:
        """Begins to measure."""
        columns = (
            TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            BarColumn(bar_width=None),
            TimeRemainingColumn(),
            TextColumn("{task.description}", markup=False),
        )
        self.work = work
        self.progress = progress = Progress(*columns, expand=True)
        self.is_terminal = progress.console.is_terminal
        progress.disable = not self.is_terminal
        self.count = done = work.done * work.steps + work.first
        self.task = progress.add_task(
            "", total=work.epochs * work.steps, completed=done, epoch=work.done, epochs=work.epochs
        )
        progress.start()
        self.begun = self.said = self.drawn = time.monotonic()
        self.drawn_at, self.reached, self.now = done, "", ""
        self.steps: list[float] = []
        if work.done or work.first:
            place = f"after {work.done} of {work.epochs} epochs and {work.first} steps"
            self._say(f"goes on where it was stopped, {place}")

    def note(self, text: str) -> None:
        """Says it."""
        self._say(text)

    def step(self) -> None:
        """Estimates, after a few steps; called in threads of their own."""
        with self.lock:
            self._step()

    def _step(self) -> None:
        enough = min(FIRST + STEPS, self.work.steps)
        if self.seconds_per_epoch is None and len(self.steps) < enough:
            self.steps.append(time.monotonic())
            if len(self.steps) == enough > FIRST:
                self._estimate()
        self.count += 1
        now = time.monotonic()
        if self.is_terminal and now - self.drawn > REDRAWN_S:
            self._see(now)
            self._draw()
        elif not self.is_terminal and now - self.said > PAUSE_S:
            self._see(now)
            epoch, step = divmod(self.count - 1, self.work.steps)
            place = f"epoch {epoch + 1} of {self.work.epochs}"
            self._say(f"{place}: step {step + 1:,} of {self.work.steps:,}; {self.now}")

    def _see(self, now: float) -> None:
        """Measures since the last time."""
        steps = (self.count - self.drawn_at) / max(now - self.drawn, 1e-3)
        rate = steps * self.work.examples / self.work.steps
        memory = psutil.Process().memory_info().rss
        self.now = f"{rate:,.0f} /s, {size_of(memory)}"
        self.drawn, self.drawn_at = now, self.count

    def _draw(self) -> None:
        if self.progress is not None:
            said = " ".join(filter(None, (self.reached, self.now)))
            self.progress.update(self.task, completed=self.count, description=said)

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
        self.reached, self.count = shown, (number + 1) * self.work.steps
        if self.progress is not None:
            self.progress.update(self.task, epoch=number + 1)
            self._draw()
        if not self.is_terminal and now - self.said > PAUSE_S:
            self._see(now)
            left = (self.work.epochs - number - 1) * self.seconds_per_epoch
            place = f"epoch {number + 1} of {self.work.epochs}"
            self._say(f"{place}: {shown}; {self.now}; at most {duration(left)} left")
        return False

    def end(self) -> None:
        """Leaves the line, if there is one; to say so twice does no harm."""
        if self.progress is not None:
            self.progress.stop()

    def _say(self, text: str) -> None:
        self.said = time.monotonic()
        sys.stdout.write(f"{self.name}: {text}\n")  # above the line, which rich sees to
        sys.stdout.flush()
