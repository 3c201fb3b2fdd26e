"""Schedules against their formulas."""

import keras
import numpy as np
import pytest
from pydantic import ValidationError

from components.fitting.supervised import Schedule, schedules

EPOCHS, STEPS = 10, 20  # 200 steps of the optimizer


def rates(config, steps):
    schedule = schedules.build(Schedule.model_validate(config), EPOCHS, STEPS)
    return [float(schedule(step)) for step in steps]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        pytest.param({"constant": {"initial": 0.1}}, lambda step: 0.1, id="constant"),
        pytest.param(
            {"step": {"initial": 0.1, "boundaries": [2, 4], "factor": 0.5}},
            lambda step: 0.1 * 0.5 ** ((step >= 40) + (step >= 80)),
            id="step",
        ),
        pytest.param(
            {"cosine": {"initial": 0.1, "final": 0.02}},
            lambda step: 0.02 + 0.08 * (1 + np.cos(np.pi * step / 200)) / 2,
            id="cosine",
        ),
        pytest.param(
            {"linear": {"initial": 0.1, "final": 0.02}},
            lambda step: 0.1 - 0.08 * step / 200,
            id="linear",
        ),
        pytest.param(
            {"inverse_square_root": {"initial": 0.1, "timescale_epochs": 2}},
            lambda step: 0.1 / np.sqrt(1 + step / 40),
            id="inverse square root",
        ),
    ],
)
def test_a_schedule_is_its_formula(config, expected):
    steps = [0, 1, 39, 42, 79, 82, 150, 199]

    assert rates(config, steps) == pytest.approx([expected(step) for step in steps], rel=1e-5)


def test_a_warm_up_climbs_linearly_and_then_the_schedule_begins():
    warm = rates({"linear": {"initial": 0.1, "warmup_epochs": 2}}, [0, 19, 39, 40, 120, 199])

    expected = [0.1 / 41, 0.1 * 20 / 41, 0.1 * 40 / 41, 0.1, 0.05, 0.1 / 160]
    assert warm == pytest.approx(expected, rel=1e-4)


def test_boundaries_are_counted_with_the_warm_up():
    section = {"step": {"initial": 0.1, "warmup_epochs": 1.5, "boundaries": [2, 4], "factor": 0.5}}

    found = rates(section, [29, 30, 39, 40, 79, 80])

    assert found == pytest.approx([0.1 * 30 / 31, 0.1, 0.1, 0.05, 0.05, 0.025], rel=1e-5)


@pytest.mark.parametrize("name", ["cosine", "linear"])
def test_a_fall_ends_below_its_start(name):
    with pytest.raises(ValidationError, match=r"a fall from 0.001 ends below it, not at 0.1"):
        Schedule.model_validate({name: {"initial": 0.001, "final": 0.1}})


def test_a_warm_up_longer_than_the_training_only_climbs():
    assert rates({"cosine": {"initial": 0.1, "warmup_epochs": 20}}, [199])[0] < 0.1


def test_a_schedule_is_saved_and_made_again():
    config = Schedule.model_validate({"inverse_square_root": {"initial": 1, "warmup_epochs": 1}})
    schedule = schedules.build(config, EPOCHS, STEPS)

    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(schedule))

    assert [float(again(s)) for s in (0, 50)] == [float(schedule(s)) for s in (0, 50)]
