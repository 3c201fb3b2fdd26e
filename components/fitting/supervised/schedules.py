"""Learning-rate schedules: Keras's own, counted in epochs, with a warm-up before each."""

from typing import Any

import keras
from keras import ops
from keras.optimizers import schedules

from components.fitting.supervised import Annealing, Decay, InverseSquareRoot, Schedule, Step


@keras.saving.register_keras_serializable("millrace")
class Warmup(schedules.LearningRateSchedule):
    """Climbs linearly to the start of a schedule, then follows it.

    `(step + 1) / (warmup_steps + 1) * schedule(0)` before, `schedule(step - warmup_steps)` after.

    Args:
        schedule: What follows; its steps count from the end of the warm-up.
        warmup_steps: Steps of the climb; the first one does not stand still.

    References:
        Goyal et al., Accurate, Large Minibatch SGD (2017), section 2.2.
    """

    def __init__(self, schedule: schedules.LearningRateSchedule, warmup_steps: int) -> None:
        self.schedule, self.warmup_steps = schedule, warmup_steps

    def __call__(self, step: Any) -> Any:
        """The learning rate of a step, counted from 0."""
        step = ops.cast(step, "float32")
        climb = (step + 1) / (self.warmup_steps + 1) * self.schedule(0)
        after = self.schedule(ops.maximum(step - self.warmup_steps, 0))
        return ops.where(step < self.warmup_steps, climb, after)

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor, for saving."""
        schedule = keras.saving.serialize_keras_object(self.schedule)
        return {"schedule": schedule, "warmup_steps": self.warmup_steps}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Warmup":
        """Makes the schedule again from `get_config`."""
        schedule = keras.saving.deserialize_keras_object(config["schedule"])
        return cls(schedule, config["warmup_steps"])


@keras.saving.register_keras_serializable("millrace")
class InverseSquareRootDecay(schedules.LearningRateSchedule):
    """`initial_learning_rate / sqrt(1 + step / timescale)`.

    Args:
        initial_learning_rate: The rate at step 0.
        timescale: Steps until the rate has fallen to `sqrt(1/2)` of its start.

    References:
        Vaswani et al., Attention Is All You Need (2017), equation 3, without the warm-up.
    """

    def __init__(self, initial_learning_rate: float, timescale: float) -> None:
        self.initial_learning_rate, self.timescale = initial_learning_rate, timescale

    def __call__(self, step: Any) -> Any:
        """The learning rate of a step, counted from 0."""
        return self.initial_learning_rate / ops.sqrt(1 + ops.cast(step, "float32") / self.timescale)

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor, for saving."""
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "timescale": self.timescale,
        }


def build(config: Schedule, epochs: int, steps_per_epoch: int) -> schedules.LearningRateSchedule:
    """The schedule of a section, in steps.

    Args:
        config: The section, in epochs.
        epochs: Epochs of the whole training, warm-up included.
        steps_per_epoch: Steps of the optimizer in an epoch.
    """
    name, settings = config.chosen
    warmup = round(settings.warmup_epochs * steps_per_epoch)
    steps = max(1, epochs * steps_per_epoch - warmup)
    schedule = _decay(name, settings, steps, warmup, steps_per_epoch)
    return Warmup(schedule, warmup) if warmup else schedule


def _decay(
    name: str, settings: Decay, steps: int, warmup: int, steps_per_epoch: int
) -> schedules.LearningRateSchedule:
    match settings:
        case Step(initial=initial, boundaries=boundaries, factor=factor):
            # Keras changes the rate after the step of a boundary, which is counted from 0.
            places = [round(epoch * steps_per_epoch) - warmup - 1 for epoch in boundaries]
            values = [initial * factor**power for power in range(len(places) + 1)]
            return schedules.PiecewiseConstantDecay(places, values)
        case InverseSquareRoot(initial=initial, timescale_epochs=epochs):
            return InverseSquareRootDecay(initial, epochs * steps_per_epoch)
        case Annealing(initial=initial, final=final) if name == "cosine":
            return schedules.CosineDecay(initial, steps, alpha=final / initial)
        case Annealing(initial=initial, final=final):
            return schedules.PolynomialDecay(initial, steps, end_learning_rate=final)
    return schedules.PiecewiseConstantDecay([steps], [settings.initial, settings.initial])
