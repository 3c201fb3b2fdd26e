"""How good predictions of a number are."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.data.dataset import Split
from components.data.schema import Schema
from components.tasks import numbers
from components.tasks.interval import Interval
from components.tasks.measured import Measures
from components.tasks.outcomes import Outcomes
from components.tasks.outcomes import outcomes as paired
from components.tasks.regression import Regression

Predictions = NDArray[np.float32]
"""`(n,)`, in the units of the target."""


def answers(task: Regression, predictor: Any, split: Split) -> Predictions:
    """Predictions for raw examples."""
    return np.ravel(np.asarray(predictor.predict(split), np.float32))


def outcomes(task: Regression, answers: Predictions, split: Split, learned: Schema) -> Outcomes:
    """The true number and the predicted one, each in full."""
    truth, said = ([repr(float(one)) for one in values] for values in (split.target[:], answers))
    return paired(split, {"value": truth}, {"value": said})


def value(metric: numbers.Name, found: Outcomes) -> Interval:
    """`rmse`, `mae` or `r2` of predictions."""
    return numbers.metric(metric, _floats(found.truth["value"]), _floats(found.answers["value"]))


def difference(metric: numbers.Name, ours: Outcomes, theirs: Outcomes) -> Interval:
    """How much larger one is, of the same examples in pairs."""
    said = (_floats(one.answers["value"]) for one in (ours, theirs))
    return numbers.difference(metric, _floats(ours.truth["value"]), *said)


def _floats(values: Any) -> NDArray[np.float64]:
    return np.array(values, np.float64)


def measure(task: Regression, answers: Predictions, split: Split) -> Measures:
    """Measures predictions against the target.

    Returns:
        In `numbers` the `bias`, the mean of prediction less target.
    """
    targets = np.asarray(split.target[:], np.float64)
    return Measures(
        metrics={
            one.name: numbers.metric(one.name, targets, answers)  # type: ignore[arg-type]
            for one in Regression.metrics
        },
        examples=len(targets),
        numbers={"bias": float(np.mean(answers - targets))},
    )
