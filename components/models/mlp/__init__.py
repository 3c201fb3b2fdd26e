"""The multilayer perceptron."""

from typing import Annotated, Literal

from pydantic import AfterValidator

from components.config.lookup import functions, near
from components.config.models import Architecture, Widths
from components.config.section import Fraction

HOME = "keras.activations"
OTHERS = frozenset({"get", "serialize", "deserialize"})
"""What that module has besides."""


def _is_known(name: str) -> str:
    known = set(functions(HOME)) - OTHERS
    if name not in known:
        raise ValueError(f"no activation '{name}' in {HOME}{near(name, sorted(known))}")
    return name


class Mlp(Architecture):
    """A multilayer perceptron."""

    architecture: Literal["mlp"]
    units: Widths = (256, 128)
    """Units of each hidden layer."""
    activation: Annotated[str, AfterValidator(_is_known)] = "relu"
    """Keras activation of the hidden layers."""
    dropout: Fraction = 0.0
    """Share of units dropped after each hidden layer."""
