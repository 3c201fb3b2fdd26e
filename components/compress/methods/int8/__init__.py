"""Weights and activations in whole numbers."""

from components.config.compress import Compressor
from components.config.section import PositiveInt


class Int8(Compressor):
    """A LiteRT file whose weights, activations, input and output are whole numbers."""

    takes = frozenset({"keras"})

    calibration_examples: PositiveInt = 256
    """Training examples that the ranges of activations are read from."""
