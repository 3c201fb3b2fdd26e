"""Layers, one after the other, as a model."""

from collections.abc import Sequence

import keras

from components.base.errors import Location, Mistakes, Problem
from components.base.words import reason


def chain(
    inputs: keras.KerasTensor, layers: Sequence[keras.Layer], location: Location, name: str
) -> keras.Sequential:
    """A model of layers of a list in a pipeline file.

    Args:
        inputs: What the first one gets.
        layers: First to last.
        location: Of the list.
        name: Of the model.

    Raises:
        Mistakes: A layer does not take what the one before it gives.
    """
    model = keras.Sequential([inputs], name=name)
    for position, layer in enumerate(layers):
        try:
            model.add(layer)
        except Exception as error:  # whatever a layer raises about its input
            raise Mistakes([Problem((*location, position), reason(error))]) from None
    return model
