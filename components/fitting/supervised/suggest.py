"""What is chosen by measuring: precision, where to augment, batch size, learning rate.

One after the other, each with what was chosen before: steps are timed in the real training, and
the learning rate comes from a range test.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import psutil

from components.config.pipeline import Pipeline
from components.data.dataset import Facts
from components.fitting.data import Data
from components.fitting.suggestion import Choice, Suggestion, written
from components.fitting.supervised import Supervised
from components.fitting.supervised.augmentation import runs_on_host
from components.fitting.supervised.batches import Batches
from components.fitting.supervised.precision import computing_in, has_accelerator
from components.fitting.supervised.prepared import Prepared, prepare, settings
from components.fitting.supervised.rehearsal import Rehearsal, is_of_memory
from components.fitting.supervised.remedies import highest_rate, takes
from components.fitting.supervised.size import size

WARM, SHORT = 2, 50  # steps that compile; of an epoch so short, all of the first
TIMED_S, LEAST_STEPS = 3.0, 3  # that others are timed for, at least
MOST = 1_000_000  # epochs, before which the time is over
WORTH = 1.1  # times as fast, to be worth a change
ENOUGH = 0.9  # of the highest rate, that the smallest such batch has
BATCHES = (16, 32, 64, 128, 256, 512, 1024)
STEPS = 10  # of an epoch, at least, that batches leave
SHARE = 0.5  # of the memory that is free, that a step may have
GATHERED = "gradient_accumulation_steps"
FAR = 3.0  # times, between a rate and the suggested one

Rates = Mapping[Any, float]
"""Examples a second, by the value; 0 where it cannot be."""
Choose = Callable[[Any, Rates], tuple[Any, str]]
"""From the value that is there and the rates to a value, and why it."""


class Timed(keras.callbacks.Callback):
    """Counts the examples of steps after those that compile, and ends the fit after a while."""

    def __init__(self, batches: Batches) -> None:
        super().__init__()
        self.batches, self.steps, self.examples = batches, 0, 0
        self.seconds, self.is_finite = 0.0, True
        # The last batch of an epoch is a shorter one, and compiled too.
        self.warm = batches.total if batches.total <= SHORT else WARM

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Called by Keras."""
        self.steps += 1
        if self.steps == self.warm:
            self.begun = time.perf_counter()
        elif self.steps > self.warm:
            self.examples += len(self.batches.rows(batch))
            self.seconds = time.perf_counter() - self.begun
        self.is_finite = bool(np.isfinite((logs or {})["loss"]))
        is_enough = self.seconds > TIMED_S and self.steps >= self.warm + LEAST_STEPS
        self.model.stop_training |= is_enough or not self.is_finite


def suggest(file: Pipeline, data: Data, seed: int) -> Suggestion:
    """Measures on this machine, and says what to write into the file.

    Args:
        file: The pipeline file.
        data: Of `train`.
        seed: Of weights, order and augmentation.
    """
    return _Measuring(file, data, seed).all()


class _Measuring:
    def __init__(self, file: Pipeline, data: Data, seed: int) -> None:
        self.file, self.data, self.seed = file, data, seed
        self.choices: list[Choice] = []
        self.tables: dict[str, tuple[list[str], list[list[Any]]]] = {}

    def all(self) -> Suggestion:
        self._choose("precision", self._precisions(), self._fastest)
        if places := self._places():
            self._choose("augment_on", places, self._fastest)
        self._choose("batch_size", self._batch_sizes(), self._smallest)
        points, rate = self._rate()
        told = {"range_test": points, "history": {"learning_rate": [rate]}}
        return Suggestion(self.choices, self.tables, told)

    @property
    def _now(self) -> Supervised:
        return settings(self.file)

    def _choose(self, name: str, every: Sequence[Any], choose: Choose) -> None:
        """Measures with each value, and goes on with the one that is chosen."""
        now = getattr(self._now, name)
        rates = {one: self._examples_a_second(name, one) for one in every}
        chosen, why = choose(now, rates)
        if chosen != now:  # again: a machine that does other things, too, is slow at times
            for one in (now, chosen):
                rates[one] = max(rates[one], self._examples_a_second(name, one))
            chosen, why = choose(now, rates)
        self.choices.append(Choice(f"train.{name}", now, chosen, why))
        rows = [[written(one), f"{rate:,.0f}" if rate else "no"] for one, rate in rates.items()]
        self.tables[f"train.{name}"] = ([name, "examples/s"], rows)
        self.file = self._with({name: chosen})

    def _with(self, values: Mapping[str, Any]) -> Pipeline:
        train = self._now.model_copy(update=dict(values))
        return self.file.model_copy(update={"train": train})

    def _precisions(self) -> Sequence[str]:
        every = ["float32", "mixed_bfloat16", *(["mixed_float16"] if has_accelerator() else [])]
        return list(dict.fromkeys([self._now.precision, *every]))

    def _places(self) -> Sequence[str | None]:
        """None where there is no choice."""
        augmentation, moving = self.data.augmentation, self.data.train.schema.moving
        if augmentation is None or not augmentation.layers or moving:
            return []
        if not runs_on_host(augmentation):
            return []
        return list(dict.fromkeys([self._now.augment_on, "host", "device"]))

    def _batch_sizes(self) -> Sequence[int]:
        head = self.file.task.head(self.file, self.data.train)
        counted = size(self.file.model, self.data.train.schema, head)
        room = SHARE * psutil.virtual_memory().available
        most = len(self.data.train) // STEPS
        fit = [one for one in BATCHES if one <= most and counted.step_bytes(one) < room]
        return sorted({*filter(self._goes_with_the_rest, fit), self._now.batch_size})

    def _goes_with_the_rest(self, batch_size: int) -> bool:
        """Whether a warm-up, such as of 500 steps, still fits into the training."""
        file, train = self._with({"batch_size": batch_size}), self.data.train
        facts = Facts(train.schema, {"train": len(train) // (1 + file.augment.copies)})
        return not list(file.train.data_problems(file, facts))

    def _rate(self) -> tuple[list[tuple[float, float]], float]:
        """The range test, and the highest rate of the training."""
        optimizer = self._now.optimizer
        kept = {key: one for key, one in optimizer.arguments.items() if key != GATHERED}
        plain = optimizer.model_copy(update={"arguments": kept})  # each step is an update
        with computing_in(self._now.precision):
            ready = self._prepared(self._with({"optimizer": plain}))
            rehearsal = Rehearsal(ready.trained, ready.batches, self._now.epochs, ready.guess)
            found = rehearsal.range_test()
        key, now, is_number = highest_rate(self._now)
        scale = self._now.course(len(self.data.train)).scale
        if found.suggested is None:
            self.choices.append(Choice(key, now, now, "at no rate has the loss fallen"))
            return found.points, now * scale
        suggested = float(f"{found.suggested / scale:.1g}")
        why = f"a tenth of the rate with the lowest loss is {suggested * scale:.1g}"
        chosen = suggested
        if suggested / FAR < now < suggested * FAR:
            chosen = now
        elif not is_number and not takes(
            self._now.learning_rate.chosen[1], key.rpartition(".")[2], suggested
        ):
            chosen, why = now, f"{why}; the rest of the schedule does not go with {suggested:g}"
        self.choices.append(Choice(key, now, chosen, why))
        return found.points, now * scale

    def _prepared(self, file: Pipeline) -> Prepared:
        keras.utils.clear_session()
        keras.utils.set_random_seed(self.seed)
        head = file.task.head(file, self.data.train)
        return prepare(file, head, self.data, self.seed)

    def _examples_a_second(self, name: str, value: Any) -> float:
        """Of the real training; 0 where its steps do not fit, or its loss is no number."""
        file = self._with({name: value})
        with computing_in(settings(file).precision):
            ready = self._prepared(file)
            timed = Timed(ready.batches)
            try:
                ready.trained.fit(
                    ready.batches, epochs=MOST, shuffle=False, verbose=0, callbacks=[timed]
                )
            except Exception as error:  # each backend has its own
                if not is_of_memory(error):
                    raise
                return 0.0
        return timed.examples / timed.seconds if timed.is_finite else 0.0

    def _fastest(self, now: Any, rates: Rates) -> tuple[Any, str]:
        """What is faster enough than what is there."""
        best = max(rates, key=lambda one: rates[one])
        if rates[best] < WORTH * rates[now] or not rates[best]:
            return now, "nothing else is a tenth faster"
        return best, _gain(rates, best, now)

    def _smallest(self, now: int, rates: Rates) -> tuple[int, str]:
        """The smallest batch that is fast; more steps an epoch learn more."""
        highest = max(rates.values())
        fast = [one for one, rate in sorted(rates.items()) if rate and rate >= ENOUGH * highest]
        if not fast:
            return now, "no other can be computed"
        if rates[now] >= ENOUGH * highest and now <= 2 * fast[0]:
            return now, "it is fast enough"
        return fast[0], f"the smallest that is fast: {_gain(rates, fast[0], now)}"


def _gain(rates: Rates, chosen: Any, now: Any) -> str:
    if not rates[now]:
        return "the one there cannot be computed"
    return f"{rates[chosen] / rates[now]:.2g} times as many examples a second"
