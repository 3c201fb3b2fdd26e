"""How good answers are, in numbers and in words."""

import json

import pytest

from components.config.task import Metric
from components.tasks.comparison import Interval
from components.tasks.measured import Measures, number, read, shown

METRICS = (Metric("error", "lower", "mean error"), Metric("r2", "higher", "R2", highest=1))
MEASURES = Measures(
    metrics={"error": Interval(12.5, 10.0, 130.26), "r2": Interval(0.5, -0.25, 0.75)},
    examples=40,
    numbers={"bias": -3.0},
    details={"bins": [[1, 2], [3, 4]]},
)


def test_every_number_has_one_name():
    assert MEASURES.scalars == {
        "error": 12.5,
        "error_low": 10.0,
        "error_high": 130.26,
        "r2": 0.5,
        "r2_low": -0.25,
        "r2_high": 0.75,
        "bias": -3.0,
        "examples": 40,
    }


def test_the_first_metric_is_said_with_its_interval_and_the_others_after_it():
    assert MEASURES.sentence(METRICS) == (
        "test mean error 12.50 (95 % interval 10.00 to 130.3, 40 examples), R2 0.5000"
    )
    assert MEASURES.sentence(METRICS[1:]) == (
        "test R2 0.5000 (95 % interval -0.2500 to 0.7500, 40 examples)"
    )
    assert shown(MEASURES.metrics["r2"], 7) == (
        "0.5000 (95 % interval -0.2500 to 0.7500, 7 examples)"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.66666, "0.6667"),
        (99.99, "99.99"),
        (100.0, "100.0"),
        (-1234.56, "-1234.6"),
        (0.0, "0.0000"),
        (0, "0"),
        (1234, "1234"),
        (0.001, "0.0010"),
        (3.2e-5, "3.2e-05"),
        (-0.000123456, "-0.000123"),
        (float("nan"), "nan"),
    ],
)
def test_a_large_number_has_fewer_places_a_small_one_more_and_a_count_none(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.2, "+0.2000"), (-0.2, "-0.2000"), (2e-5, "+2e-05"), (3, "+3")]
)
def test_a_difference_has_a_sign(value, text):
    assert number(value, "+") == text


def test_what_was_written_as_json_is_read_as_it_was():
    written = json.loads(json.dumps(MEASURES.model_dump()))

    assert read(written) == MEASURES


def test_numbers_and_details_may_be_left_out():
    found = Measures(metrics={"r2": Interval(0.5, 0.25, 0.75)}, examples=3)

    assert (found.numbers, found.details) == ({}, {})
    assert found.scalars == {"r2": 0.5, "r2_low": 0.25, "r2_high": 0.75, "examples": 3}


def test_what_is_counted_stays_whole():
    measures = Measures(metrics={}, examples=2, numbers={"label_issues": 0, "log_loss": 0.0})

    assert json.loads(json.dumps(measures.scalars)) == {
        "label_issues": 0,
        "log_loss": 0.0,
        "examples": 2,
    }
    assert [type(one) for one in measures.numbers.values()] == [int, float]
