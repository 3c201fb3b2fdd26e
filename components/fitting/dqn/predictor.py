"""A policy that acts by the values of actions."""

from pathlib import Path
from typing import Any

import keras
from numpy.typing import NDArray

from components.fitting.dqn.policy import Greedy
from components.models import keras_files


class Policy:
    """Takes the action of the largest value.

    Args:
        network: From observations `(n, features)` to values `(n, actions)`.
    """

    def __init__(self, network: keras.Model) -> None:
        self.network, self._act = network, Greedy(network)

    def actions(self, observations: NDArray[Any]) -> NDArray[Any]:
        """Actions `(n,)` for observations `(n, features)`."""
        return self._act(observations)


def load(folder: Path) -> Policy:
    """The predictor of a trained model."""
    return Policy(keras_files.load(folder / "model.keras"))
