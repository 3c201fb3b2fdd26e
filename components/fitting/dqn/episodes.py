"""Environments that learning goes on in, in lock step: one call of the network for all."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.data.environment import Environment, Floats
from components.fitting.dqn.replay import Transitions

RECENT = 20  # finished episodes that the learning curve is the mean of
ORDER = 2  # the stream of random numbers that orders the seeds; dqn.py has the others


class Episodes:
    """Environments each of which begins its next episode when one ends.

    The episodes go through the seeds, in another order on each pass. An episode follows from its
    seed and its actions, so these two are its state, whatever the environment has inside.

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
        self._begun = 0
        self._number, self._gained = [0] * count, [0.0] * count
        self._taken: list[list[int]] = [[] for _ in range(count)]
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
            after[place], reward, terminated, truncated = self._take(place, action)
            rewards[place], terminations[place] = reward, terminated
            self.observations[place] = after[place]
            if terminated or truncated:
                self.returns = [*self.returns, self._gained[place]][-RECENT:]
                self._begin(place)
        return {
            "observation": before,
            "action": actions.astype(np.int32),
            "reward": rewards,
            "next_observation": after,
            "terminated": terminations,
        }

    def state(self) -> dict[str, NDArray[Any]]:
        """Seeds and actions of the running episodes."""
        return {
            "begun": np.asarray(self._begun),
            "number": np.asarray(self._number),
            "lengths": np.asarray([len(actions) for actions in self._taken]),
            "taken": np.concatenate([np.asarray(actions, np.int64) for actions in self._taken]),
            "returns": np.asarray(self.returns),
        }

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Takes the actions of the running episodes again."""
        ends = np.cumsum(state["lengths"])[:-1]
        for place, actions in enumerate(np.split(state["taken"], ends)):
            self._start(place, int(state["number"][place]))
            for action in actions.tolist():
                self.observations[place] = self._take(place, action)[0]
        self._begun, self.returns = int(state["begun"]), state["returns"].tolist()

    def _take(self, place: int, action: int) -> tuple[Floats, float, bool, bool]:
        found = self._environments[place].step(action)
        self._taken[place].append(action)
        self._gained[place] += found[1]
        return found

    def _begin(self, place: int) -> None:
        self._start(place, self._begun)
        self._begun += 1

    def _start(self, place: int, number: int) -> None:
        turn, position = divmod(number, len(self._seeds))
        order = np.random.default_rng((self._seed, ORDER, turn)).permutation(self._seeds)
        self._number[place], self._taken[place], self._gained[place] = number, [], 0.0
        self.observations[place] = self._environments[place].reset(int(order[position]))
