"""The head and the loss of a regression."""

from typing import Any

import keras
import numpy as np

from components.base.errors import Mistakes, Problem
from components.base.words import reason
from components.config.building import build
from components.config.pipeline import Pipeline
from components.config.section import Named
from components.data.dataset import Split
from components.tasks.head import Head, values
from components.tasks.regression import Regression


def head(task: Regression, file: Pipeline, train: Split) -> Head:
    """One number, and what it is fitted by.

    The network gives it standardised; the last layer of what is served undoes that.
    """
    mean, deviation = _moments(train) if task.standardize_target else (0.0, 1.0)
    named: Named | None = getattr(file.train, "loss", None)
    try:
        loss = build(named) if named else keras.losses.MeanSquaredError()
    except Exception as error:  # whatever it raises about its arguments
        raise Mistakes([Problem(("train", "loss"), reason(error))]) from None
    return Head(
        attach=_attach,
        loss=loss,
        metrics=[keras.metrics.MeanAbsoluteError(name="mae")],
        guess=lambda targets: np.full_like(targets, targets.mean()),
        targets=lambda columns: ((values(columns) - mean) / deviation).astype(np.float32)[:, None],
        finish=lambda _: [keras.layers.Rescaling(deviation, offset=mean, name="units")],
    )


def _attach(features: Any) -> Any:
    return keras.layers.Dense(1, dtype="float32", name="head")(features)


def _moments(train: Split) -> tuple[float, float]:
    """Mean and standard deviation of the target; 1 where it is always the same."""
    numbers = np.asarray(train.target[:], np.float64)
    return float(numbers.mean()), float(numbers.std()) or 1.0
