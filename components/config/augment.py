"""The `augment` section of a pipeline file."""

from typing import Annotated

from pydantic import Field

from components.config.section import Layer, NonNegativeInt, Section


class Config(Section):
    """Random variations of the train split."""

    layers: tuple[Layer, ...] = ()
    """Keras layers, first to last, drawn anew in every epoch and switched off for inference."""
    copies: Annotated[NonNegativeInt, Field(le=1000)] = 0
    """How many varied copies of each training example to write to disk, besides the original."""
