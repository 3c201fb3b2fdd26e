"""The model as MLflow keeps it: the same bytes for the same model."""

from pathlib import Path
from typing import Any

import keras
import mlflow.tensorflow
import numpy as np
import tensorflow as tf
import yaml
from mlflow.models import ModelSignature
from mlflow.types import Schema, TensorSpec
from numpy.typing import NDArray
from tensorflow.core.protobuf.fingerprint_pb2 import FingerprintDef

FORGOTTEN = ("model_uuid", "utc_time_created", "model_size_bytes")


class Serving(tf.Module):
    """A Keras model as a graph, which loads wherever TensorFlow does, without Millrace's code.

    As a `.keras` file it would need the code of its layers: Keras refuses to import any.

    Args:
        model: From raw examples to class probabilities.
        dtype: Of the raw examples.
    """

    def __init__(self, model: keras.Model, dtype: str) -> None:
        super().__init__()
        self.model = model
        # Traced once, for any number of examples; a saved module knows only what was traced.
        self.__call__.get_concrete_function(tf.TensorSpec((None, *model.input_shape[1:]), dtype))

    @tf.function  # type: ignore[untyped-decorator]
    def __call__(self, examples: Any) -> Any:
        """Class probabilities `(n, classes)` of raw examples `(n, ...)`."""
        return self.model(examples, training=False)


def save_model(model: keras.Model, examples: NDArray[Any], folder: Path) -> None:
    """Saves a model with its signature, an input example and what it needs to be loaded.

    Args:
        model: From raw examples to class probabilities.
        examples: A few raw examples, `(n, ...)`.
        folder: Does not exist yet.
    """
    serving = Serving(model, str(examples.dtype))
    mlflow.tensorflow.save_model(
        serving,
        str(folder),
        signature=_signature(model, examples.dtype),
        input_example=examples,
        pip_requirements=[f"tensorflow=={tf.__version__}", f"numpy=={np.__version__}"],
    )
    _forget(folder)


def _signature(model: keras.Model, dtype: np.dtype[Any]) -> ModelSignature:
    """What the model takes and gives; -1 is any number, of examples and of pixels."""
    shapes = [
        tuple(-1 if length is None else length for length in shape)
        for shape in (model.input_shape, model.output_shape)
    ]
    inputs, outputs = TensorSpec(dtype, shapes[0]), TensorSpec(np.dtype("float32"), shapes[1])
    return ModelSignature(Schema([inputs]), Schema([outputs]))


def _forget(folder: Path) -> None:
    """Takes out the time and the random names that MLflow and TensorFlow write into a model.

    And the size, which counts their digits.
    """
    described = folder / "MLmodel"
    known = yaml.safe_load(described.read_text())
    known = {key: value for key, value in known.items() if key not in FORGOTTEN}
    described.write_text(yaml.safe_dump(known))
    for path in folder.rglob("fingerprint.pb"):
        print_ = FingerprintDef.FromString(path.read_bytes())
        print_.uuid = ""
        path.write_bytes(print_.SerializeToString(deterministic=True))
