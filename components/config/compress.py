"""The `compress` section of a pipeline file."""

from typing import Literal

from components.config.section import Fraction, PositiveInt, Section

Method = Literal["float16", "int8"]


class Gate(Section):
    """What a compressed model must keep."""

    max_accuracy_drop: Fraction = 0.01
    """Largest loss of test accuracy against the uncompressed model, as a fraction of 1. A method is
    left out where it surely loses more: by the lower end of the 95 % interval of its loss."""


class Config(Section):
    """Smaller models for small machines, as LiteRT files."""

    methods: tuple[Method, ...] = ()
    """float16: weights halved. int8: weights and activations in whole numbers."""
    calibration_examples: PositiveInt = 256
    """Training examples that the ranges of int8 activations are read from."""
    gate: Gate = Gate()
    """A method that fails it is left out; the line goes on with the others."""
