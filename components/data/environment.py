"""An environment of Gymnasium: its observations as vectors, its actions as numbers from 0."""

from difflib import get_close_matches
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

# CliffWalking-v1 has no limit of its own, and a policy that walks in circles would never end.
LIMIT = 1000

Floats = NDArray[np.float32]


class Environment:
    """One episode at a time, which follows from the seed of its reset and its actions.

    Args:
        env_id: A name in Gymnasium's registry, `CartPole-v1`.
        render_mode: `rgb_array` where frames are wanted.

    Raises:
        ValueError: There is no such environment, a package that it needs is missing, its actions
            are no finite set, or its observations are pictures.
    """

    def __init__(self, env_id: str, render_mode: str | None = None) -> None:
        self._env = _make(env_id, render_mode)
        self._space: spaces.Space[Any] = self._env.observation_space
        action = self._env.action_space
        _check(env_id, self._space, action)
        self._first = int(getattr(action, "start", 0))
        self.features = int(spaces.flatdim(self._space))
        """Length of an observation; whole numbers are one-hot."""
        self.actions = int(getattr(action, "n", 0))
        """How many actions there are."""

    def reset(self, seed: int) -> Floats:
        """Begins an episode; its first observation, `(features,)`."""
        return self._vector(self._env.reset(seed=int(seed))[0])

    def step(self, action: int) -> tuple[Floats, float, bool, bool]:
        """Takes an action.

        Returns:
            The next observation `(features,)`, the reward, whether the episode terminated, so that
            no reward follows, and whether it was truncated, where rewards would have followed.
        """
        observation, reward, terminated, truncated, _ = self._env.step(int(action) + self._first)
        return self._vector(observation), float(reward), bool(terminated), bool(truncated)

    def frame(self) -> NDArray[np.uint8]:
        """What is seen now, `(height, width, 3)`; needs `render_mode="rgb_array"`."""
        return np.asarray(self._env.render(), np.uint8)

    def close(self) -> None:
        """Frees what rendering holds."""
        self._env.close()

    def _vector(self, observation: Any) -> Floats:
        return np.asarray(spaces.flatten(self._space, observation), np.float32)


def _make(env_id: str, render_mode: str | None) -> "gymnasium.Env[Any, Any]":
    try:
        spec = gymnasium.spec(env_id)
        # Gymnasium's checker calls `reset` and `step` once more, and warns of what is not ours.
        return gymnasium.make(
            env_id,
            max_episode_steps=spec.max_episode_steps or LIMIT,
            disable_env_checker=True,
            render_mode=render_mode,
        )
    except gymnasium.error.DependencyNotInstalled as error:
        raise ValueError(f"{env_id} needs a package that is not installed: {error}") from None
    except (gymnasium.error.Error, ImportError):
        raise ValueError(f"there is no environment {env_id}{_nearest(env_id)}") from None


def _nearest(env_id: str) -> str:
    # Lower case: a wrong case is the commonest slip, and difflib counts it as another letter.
    names = {name.lower(): name for name in gymnasium.registry}
    near = get_close_matches(env_id.lower(), names, n=1)
    return f"; the nearest is {names[near[0]]}" if near else "; gymnasium.registry lists all"


def _check(env_id: str, space: spaces.Space[Any], action: spaces.Space[Any]) -> None:
    if not isinstance(action, spaces.Discrete):
        raise ValueError(
            f"{env_id} has the actions {action}; Q-learning gives a value to each of finitely "
            "many, so it needs a Discrete action space, as CartPole-v1 has"
        )
    if isinstance(space, spaces.Box) and len(space.shape) > 1:
        raise ValueError(
            f"{env_id} is seen in pictures, {space.shape} {space.dtype}; observations must be "
            "vectors or whole numbers, a 1-D Box as CartPole-v1 has or a Discrete as FrozenLake-v1"
        )
    if not space.is_np_flattenable:
        raise ValueError(
            f"{env_id} has the observations {space}, whose length varies; they must be a 1-D Box, "
            "as CartPole-v1 has, or a Discrete space, as FrozenLake-v1 has"
        )
