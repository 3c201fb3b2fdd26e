"""Environments that learning goes on in, in lock step: one call of the network for all."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.data.environment import Environment, Floats
from components.fitting.dqn.replay import Transitions

RECENT = 20  # finished episodes that the learning curve is the mean of
ORDER = 2  # the stream of random numbers that orders the seeds; training.py has the others


class Episodes:
    """Environments each of which begins its next episode when one ends.

    The episodes go through the seeds, in another order on each pass.

    Args:
        env_id: A name in Gymnasium's registry.
        count: Environments in lock step.
        seeds: Of the episodes' resets.
        seed: Of the order of these.
    """

    def __init__(self, env_id: str, count: int, seeds: Sequence[int], seed: int) -> None:
        self._environments = [Environment(env_id) for _ in range(count)]
        self._seeds, self._seed = np.asarray(seeds), seed
        self.observations: Floats = np.zeros((count, self._environments[0].features), np.float32)
        """What the environments show now, `(count, features)`."""
        self.returns: list[float] = []
        """Undiscounted, of the latest episodes that ended, the last of them last."""
        self._begun, self._gained = 0, [0.0] * count
        self._played: list[tuple[int, list[int]]] = [(0, [])] * count  # a seed, and the actions
        for place in range(count):
            self._begin(place)

    def step(self, actions: NDArray[np.int64]) -> Transitions:
        """Takes an action `(count,)` in each environment; where one ends, begins the next.

        Returns:
            `count` transitions. A truncated episode did not terminate: its last transition says 0,
            and its next observation is the last one of that episode.
        """
        before, after = self.observations.copy(), self.observations.copy()
        rewards, terminations = np.zeros((2, len(actions)), np.float32)
        for place, action in enumerate(actions.tolist()):
            self._played[place][1].append(action)
            found = self._environments[place].step(action)
            after[place], rewards[place], terminations[place], truncated = found
            self._gained[place] += found[1]
            self.observations[place] = after[place]
            if terminations[place] or truncated:
                self.returns = [*self.returns, self._gained[place]][-RECENT:]
                self._begin(place)
        return {
            "observation": before,
            "action": actions.astype(np.int32),
            "reward": rewards,
            "next_observation": after,
            "terminated": terminations,
        }

    @property
    def facts(self) -> dict[str, Any]:
        """Where they are, as JSON has it: an episode follows from its seed and its actions."""
        return {
            "begun": self._begun,
            "gained": self._gained,
            "returns": self.returns,
            "played": self._played,
        }

    def restore(self, facts: Mapping[str, Any]) -> None:
        """Puts them where others were, whose `facts` these are, by playing that again."""
        self._begun, self._gained = facts["begun"], facts["gained"]
        self.returns = facts["returns"]
        self._played = [(seed, actions) for seed, actions in facts["played"]]
        for place, (seed, actions) in enumerate(self._played):
            self.observations[place] = self._environments[place].reset(seed)
            for action in actions:
                self.observations[place] = self._environments[place].step(action)[0]

    def _begin(self, place: int) -> None:
        turn, position = divmod(self._begun, len(self._seeds))
        order = np.random.default_rng((self._seed, ORDER, turn)).permutation(self._seeds)
        self._begun, self._gained[place] = self._begun + 1, 0.0
        self._played[place] = (int(order[position]), [])
        self.observations[place] = self._environments[place].reset(int(order[position]))
