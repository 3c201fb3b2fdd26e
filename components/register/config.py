"""The `register` section of a pipeline file."""

from typing import Annotated, Literal

from pydantic import Field

from components.section import Fraction, Section


class Gate(Section):
    """What a model must reach before the alias moves to it."""

    metric: Literal["accuracy", "macro_f1"] = "accuracy"
    """The metric of the test split that decides."""
    min: Fraction = 0.0
    """Below it, nothing is registered and the line stops."""
    must_beat: Literal["champion"] | None = None
    """Alias of a version whose metric must be exceeded; otherwise the alias stays with it."""


class Config(Section):
    """How the model is registered."""

    name: Annotated[str, Field(pattern=r"^[\w.-]+$")]
    """Name of the registered model in MLflow."""
    gate: Gate = Gate()
    """Left out, every model passes."""
