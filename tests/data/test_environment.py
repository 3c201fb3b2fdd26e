"""What can be learned in, and what is said of what cannot."""

import gymnasium
import numpy as np
import pytest

from components.data.environment import Environment


class Sights(gymnasium.Env):
    """What is observed is given by the name."""

    action_space = gymnasium.spaces.Discrete(2, start=5)

    def __init__(self, space, render_mode=None):
        self.observation_space = space
        self.render_mode, self.taken = render_mode, []

    def reset(self, seed=None, options=None):
        return self.observation_space.sample(), {}

    def step(self, action):
        self.taken.append(action)
        return self.observation_space.sample(), 1.0, False, False, {}


SPACES = {
    "Pictures-v0": gymnasium.spaces.Box(0, 255, (8, 8, 3), np.uint8),
    "Lists-v0": gymnasium.spaces.Sequence(gymnasium.spaces.Discrete(2)),
    "Pairs-v0": gymnasium.spaces.Tuple(
        (gymnasium.spaces.Discrete(3), gymnasium.spaces.Box(0, 1, (2,)))
    ),
}


@pytest.fixture
def sights():
    for name, space in SPACES.items():
        gymnasium.register(name, Sights, kwargs={"space": space})
    yield
    for name in SPACES:
        del gymnasium.registry[name]


@pytest.mark.parametrize(
    ("environment", "features", "actions"),
    [("CartPole-v1", 4, 2), ("FrozenLake-v1", 16, 4), ("Pairs-v0", 5, 2)],
    ids=["a vector", "a whole number", "both"],
)
def test_observations_are_vectors_and_actions_numbers(sights, environment, features, actions):
    found = Environment(environment)

    assert (found.features, found.actions) == (features, actions)
    first = found.reset(3)
    assert (first.shape, first.dtype) == ((features,), np.float32)


def test_actions_that_begin_elsewhere_are_counted_from_0(sights):
    found = Environment("Pairs-v0")

    found.reset(0)
    found.step(0)
    found.step(1)

    assert found._env.unwrapped.taken == [5, 6]


def test_an_episode_follows_from_its_seed_and_its_actions():
    def played(seed):
        environment = Environment("CartPole-v1")
        return [environment.reset(seed), *(environment.step(1)[0] for _ in range(5))]

    assert np.array_equal(played(3), played(3))
    assert not np.array_equal(played(3), played(4))


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ("cartpole-v1", "there is no environment cartpole-v1; the nearest is CartPole-v1"),
        ("CartPole-v7", "there is no environment CartPole-v7; the nearest is CartPole-v1"),
        ("qqqqqq", "there is no environment qqqqqq; gymnasium.registry lists all"),
        (
            "Pendulum-v1",
            "Pendulum-v1 has the actions Box(-2.0, 2.0, (1,), float32); Q-learning gives a value "
            "to each of finitely many, so it needs a Discrete action space, as CartPole-v1 has",
        ),
        (
            "Pictures-v0",
            "Pictures-v0 is seen in pictures, (8, 8, 3) uint8; observations must be vectors or "
            "whole numbers, a 1-D Box as CartPole-v1 has or a Discrete as FrozenLake-v1",
        ),
        (
            "Lists-v0",
            "Lists-v0 has the observations Sequence(Discrete(2), stack=False), whose length "
            "varies; they must be a 1-D Box, as CartPole-v1 has, or a Discrete space, as "
            "FrozenLake-v1 has",
        ),
    ],
)
def test_an_environment_that_cannot_be_learned_is_refused(sights, environment, message):
    with pytest.raises(ValueError, match=environment) as caught:
        Environment(environment)

    assert str(caught.value) == message
