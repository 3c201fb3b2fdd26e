"""What is tried against what learning curves tell."""

import numpy as np
import pytest
from pydantic import TypeAdapter

from components.config.models import Config
from components.config.overrides import apply
from components.config.pipeline import Pipeline
from tests.fitting.made import SECTIONS, pipeline

MODELS = TypeAdapter(Config)
SCHEDULES = {
    "a number": 0.01,
    "constant": {"constant": {"initial": 0.01, "warmup": 1}},
    "step": {"step": {"initial": 0.01, "boundaries": [1, 2]}},
    "cosine": {"cosine": {"initial": 0.01}},
    "exponential": {"exponential": {"initial": 0.01, "factor": 0.1}},
    "inverse square root": {"inverse_square_root": {"initial": 0.01}},
    "one cycle": {"one_cycle": {"initial": 0.01, "maximum": 0.1}},
    "plateau": {"plateau": {"initial": 0.01, "patience": 3}},
}


def remedies(rate=0.01, **sections):
    file = pipeline(train={**SECTIONS["train"], "learning_rate": rate}, **sections)
    return {illness: (key, value) for illness, key, value in file.train.remedies(file)}


@pytest.mark.parametrize("name", SCHEDULES)
def test_what_is_tried_is_a_file_that_can_be_run(name):
    rate = SCHEDULES[name]
    sections = {**SECTIONS, "train": {**SECTIONS["train"], "learning_rate": rate}}

    found = remedies(rate)

    assert {"rate too low", "plateau", "still improving"} <= set(found)
    for key, value in found.values():
        tried = apply(sections, {key: value})
        assert Pipeline.model_validate(tried) != Pipeline.model_validate(sections)


def test_rates_change_by_ten_and_a_constant_one_gets_a_schedule():
    found = remedies(0.003)

    assert found["rate too high"] == ("train.learning_rate", 0.0003)
    assert found["rate too low"] == ("train.learning_rate", 0.03)
    assert found["plateau"] == ("train.learning_rate", {"cosine": {"initial": 0.003}})
    key = "train.learning_rate.one_cycle.maximum"
    cycle = remedies(SCHEDULES["one cycle"])
    assert cycle["plateau"] == (key, 0.03)
    assert "rate too high" not in cycle  # it would not climb from 0.01


def test_boundaries_move_to_where_they_are_usual():
    early = {"step": {"initial": 0.1, "boundaries": [1, 2]}}

    assert remedies(early)["decay too early"] == (
        "train.learning_rate.step.boundaries",
        [4.0, 6.4],
    )
    for usual in ([5, 7], [3.9, 7.9]):
        schedule = {"step": {"initial": 0.1, "boundaries": usual}}
        found = remedies(schedule).get("decay too early")
        assert found is None or found[1][0] > usual[0]
    slow = {"exponential": {"initial": 0.1, "factor": 0.99}}
    assert "decay too early" not in remedies(slow)


@pytest.mark.parametrize("name", ["mlp", "cnn", "resnet", "fcn", "unet"])
def test_every_architecture_has_something_larger(name):
    found = pipeline().model_copy(update={"model": MODELS.validate_python({"architecture": name})})

    _, key, value = next(one for one in found.train.remedies(found) if one[0] == "underfitting")

    field = key.removeprefix("model.")
    MODELS.validate_python({"architecture": name, field: value})
    assert np.sum(value) > np.sum(getattr(found.model, field))


def test_a_model_grows_or_is_held_back():
    model = {"architecture": "mlp", "units": [8, 4], "dropout": 0.4, "activation": "tanh"}

    found = remedies(model=model)

    assert found["underfitting"] == ("model.units", [16, 8])
    assert found["overfitting"] == ("model.dropout", 0.5)
    assert found["bad initialization"] == ("model.activation", "relu")
    held = remedies(model={"architecture": "mlp", "dropout": 0.5})
    assert "overfitting" not in held
    assert "bad initialization" not in held
