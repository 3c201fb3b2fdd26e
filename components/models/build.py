"""From the `model` section to a Keras model with the head that the task needs."""

from importlib import import_module
from typing import Any

import keras

from components.base.errors import Mistakes, Problem
from components.config.models import Config, Custom


def build(config: Config, shape: tuple[int, ...], units: int, activation: str) -> keras.Model:
    """Makes the network, from model-ready examples to the head.

    Args:
        config: The section.
        shape: Shape of one example.
        units: Units of the head, one for each class.
        activation: Activation of the head where the section names none.

    Returns:
        From `(n, *shape)` to `(n, units)`; the head computes in float32, since probabilities
        near 0 and 1 do not fit into half precision.

    Raises:
        Mistakes: The network does not fit the shape of the examples.
    """
    inputs = keras.Input(shape, dtype="float32")
    try:
        features = _features(config, inputs)
        head = keras.layers.Dense(
            units, activation=config.head_activation or activation, dtype="float32", name="head"
        )
        return keras.Model(
            inputs,
            head(features),
            name=config.architecture.partition(":")[2] or config.architecture,
        )
    except (TypeError, ValueError) as error:
        message = f"does not fit examples of shape {shape}: {error}"
        raise Mistakes([Problem(("model",), message)]) from error


def _features(config: Config, inputs: Any) -> Any:
    if isinstance(config, Custom):
        module, _, function = config.architecture.partition(":")
        return getattr(import_module(module), function)(inputs, **config.arguments)
    settings = config.model_dump(exclude={"architecture", "head_activation"})
    module = f"components.models.{config.architecture}"
    return getattr(import_module(module), config.architecture)(inputs, **settings)
