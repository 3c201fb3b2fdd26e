"""What changes the rate of an optimizer, and the weights that are looked at."""

import keras
import numpy as np
import pytest

from components.fitting.supervised import rates
from components.fitting.supervised.schedule import Course, Schedule
from components.fitting.watch import Watch
from tests.fitting.jax import on_jax
from tests.fitting.made import SECTIONS, pipeline, points


class Seen(keras.callbacks.Callback):
    """Notes the rate of every step."""

    def __init__(self):
        super().__init__()
        self.rates = []

    def on_train_batch_begin(self, batch, logs=None):
        self.rates.append(float(self.model.optimizer.learning_rate))


class Flat(keras.callbacks.Callback):
    """Says that nothing becomes better."""

    def on_epoch_end(self, epoch, logs=None):
        logs["val_loss"] = 1.0


def rates_of(section, epochs=6, steps=4):
    """The rate of every step of a training whose curve is flat."""
    settings = Schedule.model_validate({"plateau": section}).chosen[1]
    course = Course(settings, epochs, steps, 4)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.SGD(schedule := rates.Scheduled(course))
    schedule.belong_to(optimizer)
    model.compile(optimizer, "mse")
    task = pipeline().task
    seen = Seen()
    # After what changes it, before the next step.
    callbacks = [Flat(), *rates.callbacks(course, task), seen]
    x, y = np.ones((4 * steps, 2)), np.zeros((4 * steps, 1))
    model.fit(x, y, batch_size=4, epochs=epochs, verbose=0, callbacks=callbacks)
    return seen.rates


def test_a_rate_falls_where_the_curve_is_flat():
    found = rates_of({"initial": 0.08, "patience": 2, "factor": 0.5})

    assert found == pytest.approx([0.08] * 12 + [0.04] * 8 + [0.02] * 4)


def test_it_climbs_before_and_ends_above_the_lowest():
    section = {"initial": 0.08, "patience": 2, "factor": 0.1, "warmup": 0.75, "min_lr": 0.02}

    found = rates_of(section)

    assert found == pytest.approx([0.02, 0.04, 0.06, *[0.08] * 9, *[0.02] * 12])


def test_it_does_so_on_jax():
    """In a process of its own, which has the other backend."""
    said = on_jax("""
from tests.fitting.supervised.test_rates import rates_of
found = rates_of({"initial": 0.08, "patience": 2, "factor": 0.5, "warmup": 3, "unit": "steps"})
print([round(one, 6) for one in found])
""")

    assert said == str([0.02, 0.04, 0.06, *[0.08] * 9, *[0.04] * 8, *[0.02] * 4])


def fitted(**settings):
    file = pipeline(train={**SECTIONS["train"], **settings})
    return file.train.fit(file, points(), 3, Watch())


def test_averaged_weights_are_those_that_are_measured_and_kept():
    data = points()
    # With a momentum of 1 nothing is averaged in: the weights stay those before the first step.
    still = {"Adam": {"use_ema": True, "ema_momentum": 0.999999}}

    found, other = fitted(optimizer=still, epochs=3), fitted(epochs=3)

    losses = found.history["val_loss"]
    assert losses == pytest.approx([losses[0]] * 3, rel=1e-3)
    assert found.history["loss"] == other.history["loss"]  # which are of the steps
    found.model.compile(loss="sparse_categorical_crossentropy")
    kept = found.model.evaluate(data.validation.input, data.validation.target, verbose=0)
    assert kept == pytest.approx(min(losses), rel=1e-4)
    assert min(other.history["val_loss"]) < 0.9 * kept
