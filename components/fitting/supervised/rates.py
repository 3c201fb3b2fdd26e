"""The learning rate that an optimizer follows."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from components.config.task import Task
from components.fitting.supervised.schedule import Course, Plateau

RATE = "learning_rate"  # a column of the learning curves
LOOKED_AT = 10_000  # steps of a training, for its highest rate


class Scheduled(keras.optimizers.schedules.LearningRateSchedule):
    """A course, as Keras takes it, times a factor that can be changed while it trains."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.factor: Any = 1.0

    def __call__(self, step: Any) -> Any:
        """The learning rate of a step, counted from 0."""
        return self.factor * self.course.rate(ops.cast(step, "float32"), ops)

    def belong_to(self, optimizer: keras.optimizers.Optimizer) -> None:
        """Makes the factor a variable of the optimizer, so that it is no constant of a graph."""
        self.factor = optimizer.add_variable((), "ones", "float32", name="factor")

    def go_at(self, rate: float, step: int) -> None:
        """Makes the rate of a step another one, for a trial."""
        self.factor.assign(rate / float(self.course.rate(float(step), np)))

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
            mode="max" if task.curve(settings.monitor).better == "higher" else "min",
            min_delta=settings.min_delta,
            cooldown=settings.cooldown,
            min_lr=settings.min_lr / settings.initial,
        )


class Noted(keras.callbacks.Callback):
    """Writes the mean rate of an epoch beside its learning curves."""

    def __init__(self, course: Course) -> None:
        super().__init__()
        self.course = course

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Called by Keras."""
        if logs is not None:
            steps = np.arange(epoch * self.course.epoch, (epoch + 1) * self.course.epoch)
            factor = float(schedule_of(self.model.optimizer).factor)
            logs[RATE] = factor * float(self.course.rate(steps.astype(float), np).mean())


class Reduced(keras.callbacks.ReduceLROnPlateau):
    """As Keras's, but of the factor of a schedule; and so is `min_lr`."""

    def _reduce_optimizer_lr(self, optimizer: Any, epoch: int, name: str = "") -> bool:
        factor = schedule_of(optimizer).factor
        before = float(factor)
        factor.assign(max(before * self.factor, self.min_lr))
        return float(factor) < before


def schedule_of(optimizer: keras.optimizers.Optimizer) -> Scheduled:
    """What an optimizer follows, which may be wrapped to scale losses."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    return inner._learning_rate  # type: ignore[no-any-return]
