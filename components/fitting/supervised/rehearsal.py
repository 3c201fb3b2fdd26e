"""What a training tries on itself before it begins, and leaves as it was.

References:
    Karpathy, A Recipe for Training Neural Networks (2019); Smith, Cyclical Learning Rates for
    Training Neural Networks (2017), section 3.3, for the range test.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from components.base.errors import Mistakes, Problem
from components.fitting.diverged import Diverged
from components.fitting.supervised import Checks
from components.fitting.supervised.range_test import Range, moving_average
from components.fitting.supervised.rates import schedule_of
from components.fitting.supervised.variables import decay, restored, variables

SHARE, MOST, LEAST = 0.05, 100, 20  # steps of a trial: a share of the training's, within bounds
FINE = 50  # steps with which something is told by what did not come, and of the range test
FEW = 2  # batches that are learned by heart
LEARNED = 0.1  # of a guess's loss, at which they are
FALLEN = 0.8  # of their first loss, which they must come to
OFF = 3.0  # times the loss of a guess, or its error, beyond which a first loss is strange
SURE = 0.7  # of a guess that knows which class is rare, beside one that does not
LOWEST, HIGHEST = 1e-6, 10.0  # rates of the range test
SMOOTH = 0.8  # of the moving average of its losses
GROWN = 4.0  # times the lowest loss, at which it ends
NO_NUMBER = (
    "train: the loss is not a number before anything is learned; look at the values of the inputs "
    "and of the targets, and at what the loss takes"
)

Batch = tuple[Any, ...]
"""Inputs and targets, and perhaps weights."""


class Rehearsal:
    """Tries a compiled model on batches of its own training; the model stays as it is.

    Args:
        model: Its rate is a `Scheduled`.
        batches: Of an epoch.
        epochs: Of the training.
        guess: The loss of an answer that does not look at its input; None where there is none.
    """

    def __init__(
        self, model: keras.Model, batches: Sequence[Batch], epochs: int, guess: float | None
    ) -> None:
        self.model, self.batches, self.guess = model, batches, guess
        self.steps = min(MOST, int(SHARE * epochs * len(batches)))
        """Of a trial."""
        self.schedule = schedule_of(model.optimizer)
        self.range: Range | None = None
        """What the range test has found, where it was asked for."""
        self.by_heart: float | None = None
        """The loss to which two batches were learned, as a share of a guess's or of the first."""

    def run(self, asked: Checks) -> Iterator[str]:
        """Tries what is asked for; says what is strange, in words.

        Raises:
            Mistakes: A step does not fit into the memory.
            Diverged: The first loss is not a number.
        """
        # Else the training is short enough to be a trial itself, or a step is no update.
        gathers = getattr(self.model.optimizer, "gradient_accumulation_steps", None)
        has_time = self.steps >= LEAST and not gathers
        if asked.first_step:
            yield from self.first_step()
        if asked.overfit and has_time:
            yield from self.overfit()
        if asked.range_test and has_time:
            self.range = self.range_test()
            yield from self.strange(self.range)

    def first_step(self) -> Iterator[str]:
        """Makes one real step: it must fit into the memory, and its loss be that of a guess."""
        with self._restored():
            loss = self._fitting(self.batches[0])
        if not np.isfinite(loss):
            raise Diverged(NO_NUMBER)
        if self.guess is None:
            return
        is_squared = isinstance(self.model.loss, keras.losses.MeanSquaredError)
        if loss > OFF ** (1 + is_squared) * (self.guess + SURE):
            what = "the inputs are not scaled, or the first weights are too large"
        elif loss < self.guess / OFF:
            what = "the inputs have the answer in them, or the loss is not what it seems"
        else:
            return
        yield f"the first loss is {loss:.3g}, that of a guess {self.guess:.3g}: {what}"

    def overfit(self) -> Iterator[str]:
        """Learns a few batches by heart, at the highest rate that there will be."""
        few = [self.batches[place] for place in range(min(FEW, len(self.batches)))]
        losses: list[float] = []
        beside = self.guess or 0.0
        with self._restored():
            while len(losses) < self.steps:
                losses.append(self._step(few[len(losses) % len(few)], self.schedule.highest))
                if (beside := beside or losses[0]) <= 0:
                    return  # of such a loss, nothing is told by its size
                self.by_heart = max(losses[-len(few) :]) / beside
                if self.by_heart < LEARNED:
                    return
        first, last = (float(np.mean(part)) for part in (losses[: len(few)], losses[-len(few) :]))
        if not last < FALLEN * first and self.steps >= FINE:
            count = sum(len(batch[1]) for batch in few)
            yield (
                f"{count} examples are not learned by heart in {self.steps} steps: their loss went "
                f"from {first:.3g} to {last:.3g}; look at the rate, the targets and the layers"
            )

    def range_test(self) -> Range:
        """Raises the rate at each step, until the loss grows.

        Raises:
            Diverged: The first loss is not a number.
        """
        rates = np.geomspace(LOWEST, HIGHEST, max(FINE, self.steps))
        # The last one of several may be a shorter one, for which a step is compiled anew.
        count = max(1, len(self.batches) - 1)
        steps = (
            self._step(self.batches[place % count], float(rate)) for place, rate in enumerate(rates)
        )
        losses: list[float] = []
        with self._restored():
            for mean in moving_average(steps, SMOOTH):
                losses.append(mean)
                lowest = min(losses)
                if not losses[-1] <= lowest + (GROWN - 1) * abs(lowest):  # nor is NaN
                    break
        if not np.isfinite(losses[0]):
            raise Diverged(NO_NUMBER)
        is_finite = np.isfinite(losses)
        return Range(rates[: len(losses)][is_finite], np.array(losses)[is_finite])

    def strange(self, found: Range) -> Iterator[str]:
        """What a range test says of the rate that is declared."""
        asked = self.schedule.highest
        if found.highest is not None and asked > found.highest:
            suggests = f"suggests {found.suggested:.1g}" if found.suggested else "finds none"
            yield (
                f"train.learning_rate comes to {asked:.2g}; the range test {suggests}, and from "
                f"{found.highest:.1g} on the loss grows"
            )

    def _fitting(self, batch: Batch) -> float:
        """The loss of a step; `Mistakes` with the largest batch that fits where this does not."""
        size = whole = len(batch[1])
        while size:
            try:
                loss = self._step(tuple(part[:size] for part in batch), self.schedule.highest)
            except Exception as error:  # each backend has its own
                if not is_of_memory(error):
                    raise
                size //= 2
                continue
            if size == whole:
                return loss
            break
        does = f"one of {size} does" if size else "nor does one of a single example"
        message = f"a step of {whole} examples does not fit into the memory; {does}"
        raise Mistakes([Problem(("train", "batch_size"), message)])

    def _step(self, batch: Batch, rate: float) -> float:
        """Makes a step at a rate; its loss, without decay."""
        self.schedule.go_at(rate)
        self.model.reset_metrics()
        added = decay(self.model)
        return float(self.model.train_on_batch(*batch, return_dict=True)["loss"]) - added

    @contextmanager
    def _restored(self) -> Iterator[None]:
        """The model is afterwards what it was."""
        with restored(*variables(self.model)):
            yield
        self.model.reset_metrics()


def is_of_memory(error: Exception) -> bool:
    """Whether a step failed for want of memory."""
    name = type(error).__name__
    return (
        isinstance(error, MemoryError)
        or "ResourceExhausted" in name
        or ("RESOURCE_EXHAUSTED" in str(error))
    )
