"""Probabilities of 8 bits."""

from typing import Annotated

from pydantic import Field

from components.config.compress import Compressor
from components.config.section import PositiveInt


class Bins(Compressor):
    """Log probabilities of a few values each, with weights that make them sum to 1, as `.npz`."""

    takes = frozenset({"arpa"})

    bins: Annotated[PositiveInt, Field(ge=2, le=256)] = 256
    """Values of an order."""
