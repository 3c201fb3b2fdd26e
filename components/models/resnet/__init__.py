"""The residual network."""

from typing import Annotated, Literal

from pydantic import Field

from components.config.models import Architecture, Width
from components.config.section import Fraction, PositiveInt


class ResNet(Architecture):
    """A residual network of basic blocks with full pre-activation."""

    takes_images = True

    architecture: Literal["resnet"]
    blocks: Annotated[
        tuple[Annotated[PositiveInt, Field(le=200)], ...], Field(min_length=1, max_length=16)
    ] = (2, 2, 2)
    """Residual blocks in each stage; every stage after the first halves height and width."""
    filters: Width = 32
    """Filters of the first stage; every later stage doubles them."""
    stem: Literal["3x3", "7x7"] = "3x3"
    """What comes before the first stage. `3x3`: one convolution, for small images. `7x7`: one of
    stride 2, and max pooling, which leave a sixteenth of the pixels to the stages: for photos."""
    dropout: Fraction = 0.0
    """Share of features dropped before the head."""
