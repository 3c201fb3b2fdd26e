"""The deep convolutional network."""

from typing import Annotated, Literal

from pydantic import Field

from components.config.models import Architecture, Widths
from components.config.section import Fraction, PositiveInt


class Cnn(Architecture):
    """A deep convolutional network: blocks of 3x3 convolutions, each ending in max pooling."""

    takes_images = True

    architecture: Literal["cnn"]
    filters: Widths = (32, 64, 128)
    """Filters of each block."""
    convolutions: Annotated[PositiveInt, Field(le=100)] = 2
    """Convolutions in a block, each with batch normalization and ReLU."""
    dropout: Fraction = 0.0
    """Share of features dropped before the head."""
