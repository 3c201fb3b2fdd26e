"""A network: an architecture, with the head that the task needs."""

import keras

from components.base.errors import Mistakes, Problem
from components.base.words import reason
from components.config.models import Architecture
from components.data.schema import Schema
from components.tasks.head import Head


def build(config: Architecture, schema: Schema, head: Head) -> keras.Model:
    """Makes the network, from model-ready examples to the head.

    Args:
        config: The section.
        schema: Of the model-ready examples.
        head: Of the task.

    Returns:
        From `(n, ...)` to what the head gives.

    Raises:
        Mistakes: The network does not fit the shape of the examples.
    """
    shape = schema.input.shape
    inputs = keras.Input(shape, dtype="float32")
    try:
        return keras.Model(inputs, head.attach(config.build(inputs)), name=config.title)
    except (TypeError, ValueError) as error:
        message = f"does not fit examples of shape {shape}: {reason(error)}"
        raise Mistakes([Problem(("model",), message)]) from error
