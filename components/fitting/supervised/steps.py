"""The loss of every step: what of it is kept, and what of it is strange."""

from collections.abc import Iterator, Mapping
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from components.fitting.supervised.batches import Batches
from components.fitting.supervised.examples import Examples
from components.fitting.supervised.record import Record
from components.fitting.supervised.variables import decay
from components.fitting.watch import Watch

POINTS = 200  # that a training's losses are drawn by, about
AROUND = 101  # steps that a leap is seen against
LEAP = 0.5  # of a guess's loss, below which it was, to be above it in a step
OUTLYING = 8.0  # deviations, by the median, from the steps around
MOST_LEAPS, NAMED = 3, 3  # that are told; examples of each
EXACT = 0.1  # of a loss, to which it is known, or it is told by the mean up to it
GROWN = 10.0  # times the loss of a guess, at which a loss that grows is lost

Floats = NDArray[np.float64]


class Steps(keras.callbacks.Callback):
    """Keeps the losses of steps, names the examples of a leap, and stops what is lost.

    Keras's TerminateOnNaN makes every step wait for the one before: on JAX, that costs 4 %
    (benchmarks/throughput.py). This one is told of a step in a thread of its own.

    Args:
        network: From model-ready examples to the head.
        examples: Of the train split.
        batches: Of the training.
        record: Of the training.
        watch: Is told.
        guess: The loss of an answer that does not look at its input; None where there is none.
        epochs: Of the training.
    """

    async_safe = True  # Keras then calls `on_train_batch_end` without making the next step wait

    def __init__(
        self,
        network: keras.Model,
        examples: Examples,
        batches: Batches,
        record: Record,
        watch: Watch,
        guess: float | None,
        epochs: int,
    ) -> None:
        super().__init__()
        self.network, self.examples, self.batches = network, examples, batches
        self.record, self.watch, self.guess = record, watch, guess
        self.stretches = max(1, min(batches.total, POINTS // epochs))
        self.is_lost = False
        self.lost: str | None = None
        """Why the training was stopped, in words."""

    def on_train_begin(self, logs: Any = None) -> None:
        """Called by Keras."""
        self.record.decay = self.record.decay or [decay(self.network)]
        for epoch in range(len(self.record.losses)):
            self._tell(epoch)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Called by Keras."""
        means = self.record.means
        means += [None] * (self.batches.total - len(means))

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Called by Keras, in the thread that trains.

        Raises:
            StopIteration: The loss is no number; Keras takes that for the end of the data. Were
                it told so by the other thread, JAX would find its arrays given away.
        """
        if self.is_lost:
            raise StopIteration

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Called by Keras, in a thread of its own."""
        mean = float((logs or {})["loss"])
        self.record.means[self.batches.first + batch] = mean
        self.watch.step()
        self.is_lost |= not np.isfinite(mean)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Called by Keras, when every step has been told."""
        means = [mean for mean in self.record.means if mean is not None]
        self.record.means.clear()
        self.record.decay.append(decay(self.network))
        losses = self._of_steps(np.array(means))
        if not np.isfinite(losses).all():
            self._lose(self._not_a_number(epoch, int(np.argmin(np.isfinite(losses)))))
            return
        parts = np.array_split(losses, min(len(losses), self.stretches))
        self.record.losses.append([float(part.mean()) for part in parts])
        self._tell(epoch)
        for when, what in self._leaps(epoch, losses):
            self.record.note(self.watch, when, what)
        self._see_growth(losses)

    def _tell(self, epoch: int) -> None:
        total, losses = self.batches.total, self.record.losses[epoch]
        for place, loss in enumerate(losses):
            step = epoch * total + place * total // len(losses)
            self.watch.values({"step_loss": loss}, step)

    def _of_steps(self, means: Floats) -> Floats:
        """The loss of each step, of their means up to each."""
        ends = self.batches.batch_size * np.arange(1, len(means) + 1)
        counts = np.minimum(ends, self.batches.count).astype(float)
        sizes = np.diff(counts, prepend=0)
        found = np.diff(means * counts, prepend=0) / sizes
        # Keras keeps sums in float32: after a huge loss, what is added to them is lost in them.
        lost = np.finfo(np.float32).eps * np.abs(means) * counts / sizes
        return np.where(lost > EXACT * np.abs(found), means, found)

    def _leaps(self, epoch: int, losses: Floats) -> Iterator[tuple[str, str]]:
        """Steps whose loss is far above that of those around, and what made it so."""
        room = MOST_LEAPS - sum("leaps" in what for _, what in self.record.notes)
        if self.guess is None or len(losses) < AROUND or room <= 0 or losses.max() <= self.guess:
            return
        level = median_filter(losses, AROUND, mode="nearest")
        deviation = median_filter(np.abs(losses - level), AROUND, mode="nearest") / 0.6745
        outlying = (losses - level) / np.maximum(deviation, np.finfo(np.float32).eps)
        is_leap = (outlying > OUTLYING) & (losses > self.guess) & (level < LEAP * self.guess)
        for step in sorted(np.flatnonzero(is_leap), key=lambda one: -losses[one])[:room]:
            yield (
                f"epoch {epoch + 1}, step {step + 1}",
                f"the loss leaps from {level[step]:.3g} to {losses[step]:.3g}; of its batch, "
                f"{self._suspects(int(step))}",
            )

    def _suspects(self, step: int) -> str:
        """The examples of a batch that stand out; what was learned from one may hide its loss."""
        rows = self.batches.rows(step)
        by = (self.examples.losses(self.network, rows), self.examples.distances(rows))
        highest, furthest = (
            ", ".join(self.examples.name(int(rows[one])) for one in self._top(values))
            for values in by
        )
        return f"the highest losses now have {highest}; the inputs that stand out, {furthest}"

    def _top(self, values: Floats) -> NDArray[np.int64]:
        return np.argsort(-values, kind="stable")[:NAMED]

    def _not_a_number(self, epoch: int, step: int) -> str:
        """What is said of a loss that is none, and of the examples that it was found in."""
        rows = self.batches.rows(step)
        inputs = np.asarray(self.batches.inputs[rows], np.float64).reshape(len(rows), -1)
        wrong = rows[~np.isfinite(inputs).all(axis=1)]
        said = f"the loss is not a number from step {step + 1} of epoch {epoch + 1} on"
        if len(wrong):
            named = ", ".join(self.examples.name(int(row)) for row in wrong[:NAMED])
            return f"{said}: no numbers are in {named}"
        return f"{said}; a lower train.learning_rate, a warm-up or clipnorm keeps it finite"

    def _see_growth(self, losses: Floats) -> None:
        """Stops a training whose loss is far above a guess's, and grows."""
        third = len(losses) // 3
        start, end = losses[:third], losses[-third:] if third else losses
        if self.guess is None or not third or len(self.record.losses) < 2:
            return
        before = float(np.mean(self.record.losses[-2]))
        lowest = min(float(start.mean()), before, float(end.mean()))
        if lowest > GROWN * self.guess and end.mean() > start.mean() > before:
            self._lose(
                f"the loss grows, to {end.mean():.3g}, of {self.guess:.3g} for a guess; a lower "
                "train.learning_rate, a warm-up or clipnorm keeps it"
            )

    def _lose(self, why: str) -> None:
        self.lost = why
        self.model.stop_training = True
