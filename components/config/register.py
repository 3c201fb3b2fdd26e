"""The `register` section of a pipeline file."""

from typing import Annotated, Literal

from pydantic import Field

from components.config.section import Section


class Gate(Section):
    """What a model must reach before the alias moves to it."""

    metric: str | None = None
    """The metric of the test split that decides; left out, the task's first."""
    min: float | None = None
    """Where more is better: a model is not registered where the whole 95 % interval of its metric
    is below this. That is a result, shown with the others; the line goes on."""
    max: float | None = None
    """Where less is better: the same, for an interval above this."""
    must_beat: Literal["champion"] | None = "champion"
    """Alias of a version that must be beaten on the same test examples, by more than chance (the
    95 % interval of the difference is on the better side of 0); otherwise the alias stays with it.
    With `null`, each new model gets the alias."""
    strict: bool = False
    """Whether a model that is not registered ends `register` with status 1, as it always does under
    Airflow."""


class Config(Section):
    """How the model is registered."""

    name: Annotated[str, Field(pattern=r"^\w[\w.-]*$", max_length=200)]
    """Name of the registered model in MLflow."""
    gate: Gate = Gate()
    """Left out, the first model passes, and then each that is better than the one before."""
