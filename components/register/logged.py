"""The model as MLflow keeps it."""

from typing import Any

import keras
import mlflow.tensorflow
import numpy as np
import tensorflow as tf
from mlflow.models import infer_signature
from numpy.typing import NDArray


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


def log_model(model: keras.Model, examples: NDArray[Any], run_id: str) -> str:
    """Adds a model to the active run, once, with its signature and an input example.

    Args:
        model: From raw examples to class probabilities.
        examples: A few raw examples, `(n, ...)`.
        run_id: The active run.

    Returns:
        The URI of the logged model.
    """
    known = mlflow.search_logged_models(
        filter_string=f"source_run_id = '{run_id}'", output_format="list"
    )
    if known:
        return str(known[0].model_uri)
    serving = Serving(model, str(examples.dtype))
    signature = infer_signature(examples, np.asarray(serving(examples)))
    info = mlflow.tensorflow.log_model(
        serving,
        name="model",
        signature=signature,
        input_example=examples,
        pip_requirements=[f"tensorflow=={tf.__version__}", f"numpy=={np.__version__}"],
    )
    return str(info.model_uri)
