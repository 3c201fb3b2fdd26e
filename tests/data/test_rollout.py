"""Episodes under a policy."""

import builtins
from contextlib import nullcontext

import keras
import numpy as np
import pytest

from components.data import rollout
from components.fitting.dqn.policy import Greedy

SEEDS = range(5)


def lean(observations):
    return (observations[:, 2] + observations[:, 3] > 0).astype(np.int64)


def network():
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(32, "relu"), keras.layers.Dense(2)]
    return keras.Sequential([keras.Input((4,)), *layers])


@pytest.mark.parametrize(
    "policy", [lambda: lean, lambda: Greedy(network(), 8)], ids=["a rule", "a network"]
)
def test_episodes_in_lock_step_are_those_played_one_by_one(policy):
    together = rollout.returns("CartPole-v1", policy(), SEEDS)

    alone = [rollout.returns("CartPole-v1", policy(), [seed])[0] for seed in SEEDS]

    assert together.dtype == np.float64
    assert together.tolist() == alone
    assert together.tolist() == rollout.returns("CartPole-v1", policy(), SEEDS).tolist()


@pytest.mark.parametrize("is_broken", [False, True])
def test_every_environment_is_closed(monkeypatch, is_broken):
    opened, closed = [], []

    class Counted(rollout.Environment):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            opened.append(self)

        def close(self):
            super().close()
            closed.append(self)

        def step(self, action):
            if is_broken:
                raise RuntimeError("the engine is gone")
            return super().step(action)

    monkeypatch.setattr(rollout, "Environment", Counted)

    with pytest.raises(RuntimeError) if is_broken else nullcontext():
        rollout.random_returns("CartPole-v1", SEEDS)

    assert len(opened) == len(closed) == 1 + len(SEEDS)


def test_random_episodes_follow_from_their_seeds_alone():
    together = rollout.random_returns("CartPole-v1", SEEDS)

    assert together.tolist() == [rollout.random_returns("CartPole-v1", [s])[0] for s in SEEDS]
    assert len(set(together)) > 1


def test_a_return_stops_at_the_time_limit_of_the_environment():
    found = rollout.returns("MountainCar-v0", lambda seen: np.ones(len(seen), int), [0])

    assert found.tolist() == [-200]


def test_an_environment_without_a_limit_gets_one():
    up = rollout.returns("CliffWalking-v1", lambda seen: np.zeros(len(seen), int), [0])

    assert up.tolist() == [-1000]


def test_a_greedy_policy_takes_the_first_of_equal_values():
    model = network()
    model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])

    assert Greedy(model)(np.ones((40, 4), np.float32)).tolist() == [0] * 40


def test_frames_are_pictures_of_an_episode():
    found = rollout.frames("CartPole-v1", lean, seed=0)

    length = rollout.returns("CartPole-v1", lean, [0])[0]
    assert len(found) == 1 + length
    assert (found[0].shape, found[0].dtype) == ((400, 600, 3), np.uint8)


def test_frames_without_pygame_say_what_is_missing(monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **named):
        if name.startswith("pygame"):
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)

    with pytest.raises(ValueError, match="pygame") as caught:
        rollout.frames("CartPole-v1", lean, seed=0)

    assert str(caught.value) == (
        "frames of CartPole-v1 need a package that is missing: pygame is not installed, run "
        '`pip install "gymnasium[classic-control]"`'
    )
