"""The U-Net."""

from typing import Annotated, Literal

from pydantic import Field

from components.config.models import Architecture, Widths
from components.config.section import Fraction, PositiveInt


class Unet(Architecture):
    """An encoder, and a decoder that sees each of its maps again: features for every pixel."""

    gives = "map"
    takes_images = True

    architecture: Literal["unet"]
    filters: Widths = (16, 32, 64, 128)
    """Filters of each block of the encoder; every one after the first halves height and width."""
    convolutions: Annotated[PositiveInt, Field(le=100)] = 2
    """Convolutions in a block, each with batch normalization and ReLU."""
    dropout: Fraction = 0.0
    """Share of features dropped at the end of the encoder."""
