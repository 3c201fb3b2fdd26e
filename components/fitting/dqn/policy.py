"""The policy that follows from the values of actions."""

import keras
import numpy as np
from numpy.typing import NDArray

from components.data.environment import Floats

ROWS = 32  # of a call of the network, so that one shape is compiled


class Greedy:
    """The policy that takes the action of the largest value; of equal ones the first.

    The network always gets as many rows: it compiles once, and a row's values do not depend on how
    many episodes there are, since matrices of other sizes may be multiplied in another order.

    Args:
        network: From observations `(n, features)` float32 to values `(n, actions)`.
        rows: Of a call.
    """

    def __init__(self, network: keras.Model, rows: int = ROWS) -> None:
        self._network, self._rows = network, rows

    def __call__(self, observations: Floats) -> NDArray[np.int64]:
        """Actions `(n,)`."""
        blocks = range(0, len(observations), self._rows)
        return np.concatenate([self._block(observations[at : at + self._rows]) for at in blocks])

    def _block(self, observations: Floats) -> NDArray[np.int64]:
        padding = ((0, self._rows - len(observations)), (0, 0))
        values = self._network.predict_on_batch(np.pad(observations, padding))
        actions: NDArray[np.int64] = np.argmax(values, axis=-1)
        return actions[: len(observations)]
