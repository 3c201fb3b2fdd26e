"""Episodes under a policy: their returns, their frames."""

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from typing import Any

import numpy as np
from gymnasium.error import DependencyNotInstalled
from numpy.typing import NDArray

from components.data.environment import Environment, Floats

Policy = Callable[[Floats], NDArray[np.int64]]
"""From observations `(n, features)` to actions `(n,)`, each of which follows from its row."""


def returns(env_id: str, policy: Policy, seeds: Sequence[int]) -> NDArray[np.float64]:
    """Undiscounted returns `(n,)` of the episodes of these seeds, `(n,)`.

    All go on in lock step, so that a policy is called once for a step of all that still run.

    Raises:
        ValueError: See `Environment`.
    """
    return _play(env_id, seeds, lambda observations, running: policy(observations))


def random_returns(env_id: str, seeds: Sequence[int]) -> NDArray[np.float64]:
    """Returns `(n,)` of a policy that takes every action alike; see `returns`."""
    return _play(env_id, seeds, _Random(env_id, seeds))


def frames(env_id: str, policy: Policy, seed: int) -> list[NDArray[np.uint8]]:
    """The frames `(height, width, 3)` of an episode, the first one first.

    Raises:
        ValueError: See `Environment`; or pygame, which draws, is missing.
    """
    # Read when pygame first opens a window: there may be no display to open it on.
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    environment = Environment(env_id, render_mode="rgb_array")
    try:
        observation, ended = environment.reset(seed), False
        pictures = [_drawn(env_id, environment)]
        while not ended:
            action = int(policy(observation[np.newaxis])[0])
            observation, _, terminated, truncated = environment.step(action)
            ended = terminated or truncated
            pictures.append(_drawn(env_id, environment))
        return pictures
    finally:
        environment.close()


def _drawn(env_id: str, environment: Environment) -> NDArray[np.uint8]:
    try:
        return environment.frame()
    except DependencyNotInstalled as error:
        raise ValueError(f"frames of {env_id} need a package that is missing: {error}") from None


class _Random:
    """Draws actions of an episode from its seed, so that they do not depend on the others."""

    def __init__(self, env_id: str, seeds: Sequence[int]) -> None:
        with closing(Environment(env_id)) as environment:
            self._actions = environment.actions
        # The second number parts these from what an environment draws from the same seed.
        self._random = [np.random.default_rng((int(seed), 1)) for seed in seeds]

    def __call__(self, observations: Floats, running: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.asarray([self._random[place].integers(self._actions) for place in running])


def _play(
    env_id: str,
    seeds: Sequence[int],
    act: Callable[[Floats, NDArray[np.int64]], NDArray[Any]],
) -> NDArray[np.float64]:
    """Plays an episode for each seed, in an environment of its own."""
    with ExitStack() as stack:
        environments = [stack.enter_context(closing(Environment(env_id))) for _ in seeds]
        return _played(environments, seeds, act)


def _played(
    environments: list[Environment],
    seeds: Sequence[int],
    act: Callable[[Floats, NDArray[np.int64]], NDArray[Any]],
) -> NDArray[np.float64]:
    """The returns of the episodes; `act` gets what is observed and which of them still run."""
    pairs = zip(environments, seeds, strict=True)
    observations = np.stack([environment.reset(seed) for environment, seed in pairs])
    gained, running = np.zeros(len(environments)), np.arange(len(environments))
    while len(running):
        still = []
        for place, action in zip(running, act(observations[running], running), strict=True):
            observations[place], reward, *ends = environments[place].step(action)
            gained[place] += reward
            if not any(ends):
                still.append(place)
        running = np.asarray(still, np.int64)
    return gained
