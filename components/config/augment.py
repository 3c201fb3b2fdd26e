"""The `augment` section of a pipeline file."""

from typing import Annotated

from pydantic import AfterValidator, Field

from components.config.lookup import ancestry
from components.config.section import Layer, NonNegativeInt, Section, mistake

MIXING = frozenset({"MixUp", "CutMix"})
"""Keras layers that make one example of two."""


def _apart(layer: Layer) -> Layer:
    if not MIXING.isdisjoint(ancestry(layer.definition)):
        what = f"{layer.name} mixes examples, and would have to mix their labels, which"
        raise mistake(f"{what} augment.layers does not do")
    return layer


class Config(Section):
    """Random variations of the train split."""

    layers: tuple[Annotated[Layer, AfterValidator(_apart)], ...] = ()
    """Keras layers, first to last, drawn anew in every epoch and switched off for inference."""
    copies: Annotated[NonNegativeInt, Field(le=1000)] = 0
    """How many varied copies of each training example to write to disk, besides the original."""
