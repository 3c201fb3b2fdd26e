"""The learning rate that an optimizer follows."""

from collections.abc import Iterator
from typing import Any, Literal

import keras
import numpy as np
from keras import ops

from components.base.errors import Mistakes, Problem
from components.config.task import Task
from components.fitting.supervised.schedule import Course, Plateau

RATE = "learning_rate"  # a column of the learning curves
LOOKED_AT = 1_000  # steps of a training, for its highest rate, and of an epoch, for its mean


class Scheduled(keras.optimizers.schedules.LearningRateSchedule):
    """A course, as Keras takes it, times a factor that can be changed while it trains."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.factor: Any = 1.0
        self.trial: Any = 0.0

    def __call__(self, step: Any) -> Any:
        """The learning rate of a step, counted from 0."""
        rate = self.factor * self.course.rate(ops.cast(step, "float32"), ops)
        trial = ops.convert_to_tensor(self.trial, "float32")
        return ops.where(trial > 0, trial, rate)

    def belong_to(self, optimizer: keras.optimizers.Optimizer) -> None:
        """Makes what can be changed variables of the optimizer, and no constants of a graph."""
        self.factor = optimizer.add_variable((), "ones", "float32", name="factor")
        self.trial = optimizer.add_variable((), "zeros", "float32", name="trial")

    def go_at(self, rate: float) -> None:
        """Makes it another rate until further notice, for a trial; 0 ends that."""
        self.trial.assign(rate)

    @property
    def highest(self) -> float:
        """The highest rate that there will be."""
        steps = max(1, self.course.steps)
        some = np.linspace(0, steps - 1, min(steps, LOOKED_AT)).round()
        return float(self.course.rate(np.append(some, self.course.warmup), np).max())


def callbacks(course: Course, task: Task) -> Iterator[keras.callbacks.Callback]:
    """What changes the rate while it trains, and notes it."""
    yield Noted(course)
    if isinstance(settings := course.settings, Plateau):
        yield Reduced(
            settings.monitor,
            factor=settings.factor,
            patience=settings.patience,
            mode=mode(task, settings.monitor),
            min_delta=settings.min_delta,
            cooldown=settings.cooldown,
            min_lr=settings.min_lr / settings.initial,
        )


def mode(task: Task, monitor: str) -> Literal["max", "min"]:
    """Which value of a column of the learning curves is best, as Keras's callbacks take it."""
    return "max" if task.curve(monitor).better == "higher" else "min"


class Noted(keras.callbacks.Callback):
    """Writes the mean rate of an epoch beside its learning curves."""

    def __init__(self, course: Course) -> None:
        super().__init__()
        self.course = course

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Called by Keras."""
        if logs is not None:
            first, count = epoch * self.course.epoch, self.course.epoch
            steps = np.linspace(first, first + count - 1, min(count, LOOKED_AT))
            factor = float(schedule_of(self.model.optimizer).factor)
            logs[RATE] = factor * float(self.course.rate(steps, np).mean())


class Reduced(keras.callbacks.ReduceLROnPlateau):
    """As Keras's, but of the factor of a schedule; and so is `min_lr`."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Called by Keras; what it would write beside the curves is the rate of a moment."""
        super().on_epoch_end(epoch, dict(logs or {}))

    def _reduce_optimizer_lr(self, optimizer: Any, epoch: int, name: str = "") -> bool:
        factor = schedule_of(optimizer).factor
        before = float(factor)
        factor.assign(max(before * self.factor, self.min_lr))
        return float(factor) < before


def schedule_of(optimizer: keras.optimizers.Optimizer) -> Scheduled:
    """What an optimizer follows, which may be wrapped to scale losses."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    if not isinstance(found := getattr(inner, "_learning_rate", None), Scheduled):
        what = "does not follow the learning rate that it is given"
        message = f"{type(inner).__name__} {what}; hand it to `super().__init__` as it is"
        raise Mistakes([Problem(("train", "optimizer"), message)])
    return found
