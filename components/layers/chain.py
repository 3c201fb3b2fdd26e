"""Layers, one after the other, as a model."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from components.base.errors import Location, Mistakes, Problem
from components.base.words import reason

Inputs = Any
"""A Keras tensor, or one by the name of each column."""


def chain(
    inputs: Inputs, layers: Sequence[keras.Layer], location: Location, name: str
) -> keras.Model:
    """A model of layers of a list in a pipeline file.

    Args:
        inputs: What the first one gets: a tensor, or one by the name of each column.
        layers: First to last.
        location: Of the list.
        name: Of the model.

    Raises:
        Mistakes: A layer does not take what the one before it gives.
    """
    model = None if isinstance(inputs, Mapping) else keras.Sequential([inputs], name=name)
    given = inputs
    for position, layer in enumerate(layers):
        try:
            given = layer(given) if model is None else model.add(layer)
        except Exception as error:  # whatever a layer raises about its input
            raise Mistakes([Problem((*location, position), reason(error))]) from None
    return keras.Model(inputs, given, name=name) if model is None else model


def links(model: keras.Model) -> Sequence[keras.Layer]:
    """The layers of a chain; one of several columns is a link by itself."""
    return model.layers if isinstance(model, keras.Sequential) else [model]
