"""What is left of a training: the model, the model to serve, and the curves."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import keras
import numpy as np

from components.base.files import write_json
from components.fitting.fit import Fitted
from components.models import keras_files
from components.tasks import classification as task


def serving(preprocessing: keras.Model, model: keras.Model) -> keras.Model:
    """The model that takes raw examples, as they come from the source, to probabilities."""
    inputs = keras.Input(preprocessing.input_shape[1:], dtype=preprocessing.inputs[0].dtype)
    layers = [*preprocessing.layers, model, *task.probabilities(model)]
    return keras.Sequential([inputs, *layers], name="serving")


def in_float32(model: keras.Model) -> keras.Model:
    """The same network and weights, computing in float32.

    What a half precision brings is speed in training, on a GPU; a saved model must run anywhere,
    and LiteRT converts no bfloat16.
    """

    def clone(layer: keras.layers.Layer) -> keras.layers.Layer:
        return layer.__class__.from_config({**layer.get_config(), "dtype": "float32"})

    copy = keras.models.clone_model(model, clone_function=clone)
    copy.set_weights([np.asarray(weights, np.float32) for weights in model.get_weights()])
    return copy


def save(fitted: Fitted, epochs: int, ready: Path, folder: Path) -> None:
    """Saves the model, the model to serve, both in float32, and how it was learned.

    Args:
        fitted: What is saved.
        epochs: That were allowed.
        ready: The model-ready dataset, which has the preprocessing.
        folder: Gets the files.
    """
    model = in_float32(fitted.model)
    keras_files.save(model, folder / "model.keras")
    preprocessing = keras_files.load(ready / "preprocessing.keras")
    keras_files.save(serving(preprocessing, model), folder / "serving.keras")
    learned = {"epochs": epochs, "best": fitted.best, "history": fitted.history}
    write_json(learned, folder / "history.json")


def curve_rows(history: Mapping[str, Sequence[float]]) -> Iterator[tuple[float, ...]]:
    """Learning curves as rows: the epoch, counted from 1, then each column."""
    for epoch, row in enumerate(zip(*history.values(), strict=True), 1):
        yield epoch, *row
