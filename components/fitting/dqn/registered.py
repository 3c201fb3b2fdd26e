"""A policy as MLflow keeps it: from observations to actions."""

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

from components.data.dataset import Split
from components.data.environment import Environment
from components.fitting.mlflow_files import forget
from components.models import keras_files


class Acting(tf.Module):
    """The action of the largest value, as a graph.

    Args:
        network: From observations `(n, features)` to values `(n, actions)`.
    """

    def __init__(self, network: keras.Model) -> None:
        super().__init__()
        self.network = network
        shape = (None, *network.input_shape[1:])
        self.__call__.get_concrete_function(tf.TensorSpec(shape, tf.float32))

    @tf.function  # type: ignore[untyped-decorator]
    def __call__(self, observations: Any) -> Any:
        """Actions `(n,)` int64."""
        return tf.argmax(self.network(observations, training=False), axis=-1)


def package(trained: Path, examples: Split, folder: Path) -> None:
    """Saves a policy with its signature and a few first observations.

    Args:
        trained: The folder of the trained model.
        examples: A few seeds.
        folder: Does not exist yet.
    """
    network = keras_files.load(trained / "model.keras")
    environment = Environment(examples.schema.input.environment)  # type: ignore[attr-defined]
    seen = np.stack([environment.reset(int(seed)) for seed in examples.input[:]])
    shape = (-1, *network.input_shape[1:])
    mlflow.tensorflow.save_model(
        Acting(network),
        str(folder),
        signature=ModelSignature(
            Schema([TensorSpec(np.dtype("float32"), shape)]),
            Schema([TensorSpec(np.dtype("int64"), (-1,))]),
        ),
        input_example=seen,
        pip_requirements=[f"tensorflow=={tf.__version__}", f"numpy=={np.__version__}"],
    )
    forget(folder)


class Served:
    """Acts by a graph."""

    def __init__(self, graph: Any) -> None:
        self.graph = graph

    def actions(self, observations: NDArray[Any]) -> NDArray[Any]:
        """Actions `(n,)` for observations `(n, features)`."""
        found: NDArray[Any] = self.graph(tf.constant(observations, tf.float32)).numpy()
        return found


def load(folder: Path) -> Served:
    """The policy in the folder of an MLflow model; no code of that folder is run."""
    flavor = yaml.safe_load((folder / "MLmodel").read_text())["flavors"]["tensorflow"]
    return Served(tf.saved_model.load(str(folder / flavor["saved_model_dir"])))
