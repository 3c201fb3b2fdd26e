"""What a report shows of a regression."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from components.data import shown as seen
from components.data.dataset import Split
from components.show.residuals import residuals
from components.tasks.measured import Measures
from components.tasks.regression import Regression
from components.tasks.regression.measure import Predictions

WORST = 10


def figures(
    task: Regression, measures: Measures, answers: Predictions, test: Split, shown: int
) -> dict[str, Figure]:
    """Residuals, and where examples are pictures, the worst of them."""
    (name,) = test.schema.targets
    targets = np.asarray(test.target[:], np.float64)
    drawn = {"Residuals": residuals(targets, answers, name)}
    rows = np.argsort(-np.abs(answers - targets), kind="stable")[:shown]
    titles = [f"{targets[row]:.4g}\nsaid {answers[row]:.4g}" for row in rows.tolist()]
    if (grid := seen.examples(test, rows, titles)) is not None:
        drawn["Worst, the largest error first"] = grid
    return drawn


def summary(
    task: Regression, measures: Measures
) -> dict[str, tuple[list[str], list[tuple[Any, ...]]]]:
    """No small table."""
    return {}


def tables(
    task: Regression, measures: Measures, answers: Predictions, test: Split
) -> dict[str, tuple[list[str], Iterator[tuple[Any, ...]]]]:
    """Every prediction."""
    return {"predictions": (["row", "name", "target", "predicted"], _predictions(test, answers))}


def _predictions(test: Split, answers: Predictions) -> Iterator[tuple[Any, ...]]:
    for place, said in enumerate(answers.tolist()):
        yield test.row(place), test.name(place) or "", float(test.target[place]), said
