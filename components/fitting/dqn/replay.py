"""The replay memory: the latest transitions, as arrays."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Transitions = dict[str, NDArray[Any]]
"""`m` steps of environments: `observation` and `next_observation`, `(m, features)` float32,
`action` `(m,)` int32, `reward` and `terminated`, `(m,)` float32, the latter 0 or 1."""


class Replay:
    """The latest `capacity` transitions; older ones are written over.

    Args:
        capacity: Transitions that it holds.
        features: Length of an observation.

    References:
        Mnih et al., Human-level control through deep reinforcement learning (2015), Methods.
    """

    def __init__(self, capacity: int, features: int) -> None:
        self.capacity = capacity
        self.size, self.position = 0, 0
        self.arrays: Transitions = {
            "observation": np.zeros((capacity, features), np.float32),
            "action": np.zeros(capacity, np.int32),
            "reward": np.zeros(capacity, np.float32),
            "next_observation": np.zeros((capacity, features), np.float32),
            "terminated": np.zeros(capacity, np.float32),
        }

    def add(self, transitions: Transitions) -> None:
        """Writes `m` transitions behind the latest, in their order.

        Raises:
            ValueError: There are more than the memory holds.
        """
        count = len(transitions["action"])
        if count > self.capacity:
            raise ValueError(f"a replay memory of {self.capacity} cannot take {count} at once")
        rows = (self.position + np.arange(count)) % self.capacity
        for name, array in self.arrays.items():
            array[rows] = transitions[name]
        self.position = int(self.position + count) % self.capacity
        self.size = min(self.size + count, self.capacity)

    def restore(self, arrays: Transitions, position: int) -> None:
        """Remembers what another one did, which had `size` of them."""
        self.size, self.position = len(arrays["action"]), position
        for name, array in arrays.items():
            self.arrays[name][: self.size] = array

    def sample(self, count: int, random: np.random.Generator) -> Transitions:
        """Draws `count` transitions, each alike and with replacement."""
        rows = random.integers(0, self.size, count)
        return {name: array[rows] for name, array in self.arrays.items()}
