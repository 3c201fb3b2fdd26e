"""The fully convolutional network."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from components.config.models import Architecture, Width, Widths
from components.config.section import Fraction, NonNegativeInt, PositiveInt, mistake


class Fcn(Architecture):
    """A convolutional network whose coarsest maps are summed: features for every pixel."""

    gives = "map"
    takes_images = True

    architecture: Literal["fcn"]
    filters: Widths = (16, 32, 64, 128)
    """Filters of each block; every one after the first halves height and width."""
    convolutions: Annotated[PositiveInt, Field(le=100)] = 2
    """Convolutions in a block, each with batch normalization and ReLU."""
    features: Width = 32
    """Channels of the maps that are summed."""
    skips: NonNegativeInt = 2
    """Finer maps that are added to the coarsest."""
    dropout: Fraction = 0.0
    """Share of features dropped from the coarsest map."""

    @model_validator(mode="after")
    def _has_maps(self) -> Self:
        if self.skips >= len(self.filters):
            raise mistake(f"{len(self.filters)} maps have at most {len(self.filters) - 1}", "skips")
        return self
