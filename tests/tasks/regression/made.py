"""A pipeline file of a regression."""

from typing import Any

from components.config.pipeline import Pipeline

COLUMNS: dict[str, Any] = {"bmi": "Value", "sex": {"Value": {"dtype": "string"}}, "target": "Value"}
TEXT = """\
version: 1
description: prices
task: regression
ingest:
  source: sklearn.datasets.load_diabetes
  columns:
    bmi: Value
    sex: {Value: {dtype: string}}
    target: Value
model: {architecture: mlp, units: [8]}
train: {epochs: 2, batch_size: 16}
register: {name: prices}
"""


def regression(task: Any = "regression", **train: Any) -> Pipeline:
    """A checked file, with a task and parts of `train` of one's own."""
    return Pipeline.model_validate(
        {
            "version": 1,
            "description": "prices",
            "task": task,
            "ingest": {"source": "sklearn.datasets.load_diabetes", "columns": COLUMNS},
            "model": {"architecture": "mlp", "units": [8]},
            "train": {"epochs": 2, "batch_size": 16, **train},
            "register": {"name": "prices"},
        }
    )
