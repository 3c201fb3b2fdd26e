"""An estimator as MLflow keeps it: preprocessing as a graph, then the ONNX file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
from numpy.typing import NDArray

from components.data.dataset import Split
from components.fitting import pyfunc
from components.fitting.estimator.session import Session
from components.fitting.supervised import registered
from components.models import keras_files


def package(trained: Path, examples: Split, folder: Path) -> None:
    """Saves a model of raw examples.

    Args:
        trained: The folder of the trained model.
        examples: A few raw examples.
        folder: Does not exist yet.
    """
    preprocessing = keras_files.load(trained / "preprocessing.keras")
    is_table = not isinstance(preprocessing, keras.Sequential)
    given = preprocessing.input if is_table else preprocessing.inputs[0]
    model = keras.Model(given, keras.layers.Flatten()(preprocessing.outputs[0]))
    estimator = trained / "estimator.onnx"
    shape = onnx.load(estimator).graph.output[0].type.tensor_type.shape.dim[1:]
    outputs = [one.dim_value for one in shape]
    pyfunc.save(model, examples, outputs, folder, estimator)


class Served:
    """Answers for raw examples, from the folder of an MLflow model."""

    def __init__(self, features: registered.Graph, session: Session) -> None:
        self.features, self.session = features, session

    def predict(self, split: Split) -> NDArray[Any]:
        """Class probabilities `(n, classes)`, or predictions `(n,)`."""
        return np.concatenate(list(self.stream(split)))

    def stream(self, split: Split) -> Iterator[NDArray[Any]]:
        """The same, some examples at a time."""
        for values in self.features.stream(split):
            yield self.session.run(values)


def load(folder: Path) -> Served:
    """The model in the folder of an MLflow model; no code of that folder is run."""
    file = folder / Path(registered.PYFUNC).with_name("estimator.onnx")
    return Served(registered.load(folder), Session(file.read_bytes()))
