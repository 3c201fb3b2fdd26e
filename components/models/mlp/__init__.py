"""The multilayer perceptron."""

from typing import Literal

from components.config.models import Architecture, Widths
from components.config.section import Fraction


class Mlp(Architecture):
    """A multilayer perceptron."""

    architecture: Literal["mlp"]
    units: Widths = (256, 128)
    """Units of each hidden layer."""
    activation: str = "relu"
    """Keras activation of the hidden layers."""
    dropout: Fraction = 0.0
    """Share of units dropped after each hidden layer."""
