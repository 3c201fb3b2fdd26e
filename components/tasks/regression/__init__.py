"""Regression: a number for every example."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from components.base.errors import Problem
from components.config.task import Metric, Task

if TYPE_CHECKING:
    from components.config.pipeline import Pipeline
    from components.data.dataset import Facts

LOSSES = (
    "MeanSquaredError",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredLogarithmicError",
    "Huber",
    "LogCosh",
    "Poisson",
)
"""Those of Keras that are of a number; the others are of classes, masks, vectors or sequences."""


class Regression(Task):
    """A number for every example."""

    metrics = (
        Metric("rmse", "lower", "RMSE"),
        Metric("mae", "lower", "MAE"),
        Metric("r2", "higher", "R²", highest=1),
    )
    curves = (Metric("mae", "lower", "MAE"),)
    targets = ("Value",)
    least = 2
    learning = frozenset({"standardize_target"})

    standardize_target: bool = True
    """Whether the network learns the target less its mean, in standard deviations of the train
    split; its answers are in the target's own units again."""

    def problems(self, file: "Pipeline") -> Iterator[Problem]:
        """A loss that is of no number, and a target of categories."""
        named = getattr(file.train, "loss", None)
        if named is not None and ":" not in named.name and named.name not in LOSSES:
            what = f"{named.name} is no loss of a number; a regression takes {', '.join(LOSSES)}"
            yield Problem(("train", "loss"), what)
        for column in file.ingest.learned:
            if file.ingest.kinds[column].arguments.get("dtype") == "string":
                what = f"a regression learns a number; column '{column}' holds categories"
                yield Problem(("ingest", "columns", column), what)

    def data_problems(self, file: "Pipeline", facts: "Facts") -> Iterator[Problem]:
        """A target of several numbers."""
        if facts.schema.target.shape:
            (column,) = facts.schema.targets
            what = f"a regression learns one number; '{column}' has several"
            yield Problem(("ingest", "source"), what)
