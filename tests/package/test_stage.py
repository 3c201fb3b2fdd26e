"""Whether a model may be registered at all."""

from math import inf

import pytest

from components.config.register import Gate
from components.package.stage import refused
from components.tasks.control import Control
from components.tasks.interval import Interval
from components.tasks.language_model import LanguageModel
from components.tasks.measured import Measures


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (Interval(400.0, 300.0, 480.0), None),
        (
            Interval(400.0, 300.0, 470.0),
            "mean_return 400.0 (300.0 to 470.0) is below register.gate.min, 475.0",
        ),
        (Interval(500.0, -inf, inf), None),
        (
            Interval(0.0, -inf, inf),
            "mean_return 0.0000 (-inf to inf) is below register.gate.min, 475.0",
        ),
    ],
    ids=["it may be", "it is not", "unknown and above", "unknown and below"],
)
def test_what_must_be_large_is_refused_where_all_that_is_known_is_too_small(found, reason):
    measures = Measures(metrics={"mean_return": found}, examples=100)

    assert refused(measures, Gate(min=475), Control.metrics[0]) == reason


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (Interval(60.0, 40.0, 90.0), None),
        (
            Interval(60.0, 55.0, 90.0),
            "perplexity 60.00 (55.00 to 90.00) is above register.gate.max, 50.0",
        ),
        (Interval(60.0, 1.0, inf), None),
    ],
    ids=["it may be", "it is not", "of a single sentence"],
)
def test_what_must_be_small_is_refused_where_all_that_is_known_is_too_large(found, reason):
    measures = Measures(metrics={"perplexity": found}, examples=100)

    assert refused(measures, Gate(max=50), LanguageModel.metrics[0]) == reason
