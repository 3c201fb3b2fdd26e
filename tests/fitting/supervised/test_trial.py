"""What a look at a few steps says of the whole training."""

import itertools
from types import SimpleNamespace

import pytest

from components.fitting.supervised import trial as trial_module
from components.fitting.supervised.trial import STEPS, TIMED_S, trial
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
