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
        features = config.build(inputs)
        _check_features(config, features)
        return keras.Model(inputs, head.attach(features), name=config.title)
    except (TypeError, ValueError) as error:
        message = f"does not fit examples of shape {shape}: {reason(error)}"
        raise Mistakes([Problem(("model",), message)]) from error


def _check_features(config: Architecture, features: object) -> None:
    """Raises `Mistakes` where a function of one's own gives no tensor."""
    if isinstance(features, keras.KerasTensor):
        return
    given = "None" if features is None else f"a {type(features).__name__}"
    what = "it should give the features of its inputs, a tensor; Millrace puts the head behind them"
    problem = Problem(("model", "architecture"), f"{config.architecture} gives {given}; {what}")
    raise Mistakes([problem])
