"""What a look at a few steps says of the whole training."""

import itertools
from types import SimpleNamespace

import keras
import pytest

from components.base.errors import Mistakes
from components.fitting.supervised import trial as trial_module
from components.fitting.supervised.trial import STEPS, TIMED_S, trial
from tests import own_models
from tests.fitting.made import SECTIONS, pipeline, points


def seconds(monkeypatch, tick):
    """Of a training of 8 epochs of 4 steps, by a clock that goes on by a tick at every look."""
    clock = itertools.count(step=tick)
    monkeypatch.setattr(trial_module, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    data, file = points(), pipeline(train={**SECTIONS["train"], "epochs": 8})
    found = trial(file, data.train, {"train": 60}, data.augmentation)
    return found.seconds / (8 * 4)


def test_steps_that_take_long_are_fewer(monkeypatch):
    tick = 0.7 * TIMED_S

    assert seconds(monkeypatch, tick) == pytest.approx(3 * tick)  # began, looked twice; one step


def test_no_more_steps_than_it_takes(monkeypatch):
    assert seconds(monkeypatch, 1.0) == pytest.approx((STEPS + 1) / STEPS)


def tried(network, **settings):
    train = {**SECTIONS["train"], "learning_rate": 0.01, **settings}
    model = {"architecture": f"{own_models.__name__}:{network.__name__}"}
    file, data = pipeline(model=model, train=train), points()
    return trial(file, data.train, {"train": 60}, data.augmentation)


def test_units_that_start_alike_and_stay_so_are_a_mistake():
    with pytest.raises(Mistakes) as caught:
        tried(own_models.twice_alike)

    (problem,) = caught.value.problems
    assert problem.location == ("model",)
    assert "hidden (8)" in problem.message
    assert "initialize them at random" in problem.message


@pytest.mark.parametrize("network", [own_models.alike, own_models.zeros_added, own_models.drawing])
def test_units_that_come_apart_are_none(network):
    """What is behind them, such as a head that begins at random, teaches each another thing."""
    assert tried(network).seconds > 0


def test_a_loss_that_cannot_fall_is_a_mistake():
    with pytest.raises(Mistakes, match="no step changes a weight: the loss cannot fall"):
        tried(own_models.drawing, loss=f"{own_models.__name__}:Still")


@pytest.mark.parametrize(
    "settings",
    [
        {"learning_rate": {"cosine": {"initial": 0.01, "warmup": 2}}},
        {"optimizer": {"SGD": {"gradient_accumulation_steps": 100}}},
        {"precision": "bfloat16"},
    ],
    ids=["a warm-up that begins with 0", "gathered gradients", "weights of half precision"],
)
def test_what_learns_later_or_in_small_steps_is_none(settings):
    try:
        assert tried(own_models.drawing, **settings).seconds > 0
    finally:
        keras.config.set_dtype_policy("float32")
