"""What is left of a training: the network, and the model to serve."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from components.fitting.predictor import describe
from components.models import keras_files

HOME = "components.fitting.supervised"


def save(model: keras.Model, finish: Sequence[keras.Layer], ready: Path, folder: Path) -> None:
    """Saves the network and the model to serve, both in float32.

    Args:
        model: The network, from model-ready examples on.
        finish: Layers that make of its output what is served.
        ready: The model-ready dataset, which has the preprocessing.
        folder: Gets the files.
    """
    network = in_float32(model)
    keras_files.save(network, folder / "model.keras")
    preprocessing = keras_files.load(ready / "preprocessing.keras")
    keras_files.save(serving(preprocessing, network, finish), folder / "serving.keras")
    describe(HOME, folder)


def serving(
    preprocessing: keras.Model, model: keras.Model, finish: Sequence[keras.Layer]
) -> keras.Model:
    """The model that takes raw examples, as they come from the source."""
    if not isinstance(preprocessing, keras.Sequential):  # of several columns
        given = model(preprocessing.output)
        for layer in finish:
            given = layer(given)
        return keras.Model(preprocessing.input, given, name="serving")
    inputs = keras.Input(preprocessing.input_shape[1:], dtype=preprocessing.inputs[0].dtype)
    return keras.Sequential([inputs, *preprocessing.layers, model, *finish], name="serving")


def in_float32(model: keras.Model) -> keras.Model:
    """The same network and weights, computing in float32.

    What a half precision brings is speed in training, on a GPU; a saved model must run anywhere,
    and LiteRT converts no bfloat16.
    """

    def clone(layer: keras.layers.Layer) -> keras.layers.Layer:
        config = _with_policy(layer.get_config(), keras.DTypePolicy("float32").get_config())
        return layer.__class__.from_config({**config, "dtype": "float32"})

    copy = keras.models.clone_model(model, clone_function=clone, recursive=True)
    copy.set_weights([np.asarray(weights, np.float32) for weights in model.get_weights()])
    return copy


def _with_policy(config: Any, policy: dict[str, Any]) -> Any:
    """A layer's config in which every dtype policy is another, those of wrapped layers too."""
    if isinstance(config, list | tuple):
        return type(config)(_with_policy(one, policy) for one in config)
    if not isinstance(config, dict):
        return config
    if config.get("class_name") == "DTypePolicy":
        return {**config, "config": policy}
    return {key: _with_policy(one, policy) for key, one in config.items()}
