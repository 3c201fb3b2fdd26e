"""A policy as MLflow keeps it: from observations to actions."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from mlflow.types import TensorSpec
from numpy.typing import NDArray

from components.data.dataset import Split
from components.data.environment import Environment
from components.fitting import graph
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
    given = TensorSpec(np.dtype("float32"), (-1, *network.input_shape[1:]))
    actions = TensorSpec(np.dtype("int64"), (-1,))
    graph.save(Acting(network), given, actions, seen, folder)


class Served:
    """Acts by a graph."""

    def __init__(self, acting: Any) -> None:
        self.acting = acting

    def actions(self, observations: NDArray[Any]) -> NDArray[Any]:
        """Actions `(n,)` for observations `(n, features)`."""
        found: NDArray[Any] = self.acting(tf.constant(observations, tf.float32)).numpy()
        return found


def load(folder: Path) -> Served:
    """The policy in the folder of an MLflow model; no code of that folder is run."""
    return Served(graph.load(folder))
