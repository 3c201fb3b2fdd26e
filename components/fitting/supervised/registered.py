"""A Keras model as MLflow keeps it: the same bytes for the same model."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from mlflow.types import TensorSpec
from numpy.typing import NDArray

from components.data.dataset import Split, batched
from components.data.examples import Examples
from components.fitting import graph, pyfunc
from components.fitting.serving import Serving
from components.models import keras_files

BATCH = 256


def package(trained: Path, examples: Split, folder: Path) -> None:
    """Saves a model with its signature, an input example and what it needs to be loaded.

    Args:
        trained: The folder of the trained model.
        examples: A few raw examples; of several sizes, the first one is taken.
        folder: Does not exist yet.
    """
    model = keras_files.load(trained / "serving.keras")
    if len(examples.schema.inputs) > 1:  # MLflow's flavor of TensorFlow takes arrays alone
        pyfunc.save(model, examples, model.output_shape[1:], folder)
        return
    values = pyfunc.example(examples)
    given, gives = (
        tuple(-1 if length is None else length for length in shape)
        for shape in (model.input_shape, model.output_shape)
    )
    outputs = TensorSpec(np.dtype("float32"), gives)
    graph.save(Serving(model), TensorSpec(values.dtype, given), outputs, values, folder)


class Graph:
    """Answers for raw examples, by a graph of TensorFlow's."""

    def __init__(self, serving: Any) -> None:
        self.serving = serving

    def predict(self, split: Split) -> NDArray[Any]:
        """The outputs, `(n, ...)` float32."""
        return np.concatenate(list(self.stream(split)))

    def stream(self, split: Split) -> Iterator[NDArray[Any]]:
        """The outputs, some examples at a time; of several sizes, one."""
        schema = split.schema
        is_ragged = any(schema.columns[name].is_ragged for name in schema.inputs)
        for part in batched(split, 1 if is_ragged else BATCH):
            given = keras.tree.map_structure(tf.constant, Examples(part).array())
            yield self.serving(given).numpy()


def load(folder: Path) -> Graph:
    """The graph in the folder of an MLflow model; its loaders may run code, this does not."""
    found = graph.load(folder)
    return Graph(tf.saved_model.load(str(folder / PYFUNC)) if found is None else found)


PYFUNC = "artifacts/predictor/model"
"""Where `pyfunc.save` has a graph."""
