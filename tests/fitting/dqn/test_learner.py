"""Targets and steps, beside the formula in NumPy."""

import keras
import numpy as np
import pytest

from components.fitting.dqn.episodes import Episodes
from components.fitting.dqn.learner import Learner


def network(features=3):
    layers = [keras.layers.Dense(5, "tanh"), keras.layers.Dense(2)]
    return keras.Sequential([keras.Input((features,)), *layers])


def batch(count=6):
    random = np.random.default_rng(1)
    seen, following = random.normal(size=(2, count, 3)).astype(np.float32)
    return {
        "observation": seen,
        "next_observation": following,
        "action": np.asarray([0, 1] * (count // 2), np.int32),
        "reward": random.normal(size=count).astype(np.float32),
        "terminated": np.asarray([1, 0, 0] * (count // 3), np.float32),
    }


def values(model, observations):
    first, first_bias, last, last_bias = model.get_weights()
    return np.tanh(observations @ first + first_bias) @ last + last_bias


def targets(learner, transitions):
    return keras.ops.convert_to_numpy(learner.targets(transitions))[:, 0]


@pytest.mark.parametrize("double", [False, True], ids=["plain", "double"])
def test_a_target_is_the_reward_and_what_the_copy_gives_the_next_observation(double):
    keras.utils.set_random_seed(0)
    learner, data = Learner(network(), 0.9, double, 0.5), batch()
    learner.target.set_weights(network().get_weights())

    found = targets(learner, data)

    following = values(learner.target, data["next_observation"])
    chooser = values(learner.network, data["next_observation"]) if double else following
    best = following[np.arange(6), chooser.argmax(axis=1)]
    expected = 0.5 * data["reward"] + 0.9 * best * (1 - data["terminated"])
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_an_episode_that_time_ends_still_has_a_future_and_one_that_failed_has_none():
    keras.utils.set_random_seed(0)
    late, failed = Learner(network(2), 0.9, double=False), Learner(network(4), 0.9, double=False)
    coasting = Episodes("MountainCar-v0", 1, range(3), seed=0)
    falling = Episodes("CartPole-v1", 1, range(3), seed=0)

    last = [coasting.step(np.ones(1, np.int64)) for _ in range(200)][-1]
    fall = next(
        step for _ in range(99) if (step := falling.step(np.zeros(1, np.int64)))["terminated"]
    )

    future = values(late.target, last["next_observation"]).max()
    assert targets(late, last) == pytest.approx([-1 + 0.9 * future], rel=1e-5)
    assert targets(failed, fall).tolist() == [1]


def test_a_step_moves_only_the_network_and_as_the_formula_says():
    keras.utils.set_random_seed(0)
    learner, data = Learner(network(), 0.9, double=False), batch()
    learner.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    before, copy = learner.network.get_weights(), learner.target.get_weights()
    error = values(learner.network, data["observation"])[np.arange(6), data["action"]]
    error -= targets(learner, data)

    history = learner.fit(data, batch_size=6, shuffle=False, verbose=0).history

    assert history["loss"][0] == pytest.approx(np.mean(error**2), rel=1e-5)
    gradient = [2 * error[data["action"] == action].sum() / 6 for action in (0, 1)]
    np.testing.assert_allclose(
        learner.network.get_weights()[3], before[3] - 0.1 * np.asarray(gradient), rtol=1e-4
    )
    assert all(map(np.array_equal, copy, learner.target.get_weights()))


def test_a_copy_has_the_statistics_of_an_adapted_layer():
    normalize = keras.layers.Normalization()
    normalize.adapt(np.random.default_rng(0).normal(5, 3, (100, 3)))
    model = keras.Sequential([keras.Input((3,)), normalize, keras.layers.Dense(2)])

    learner, seen = Learner(model, 0.9, double=False), np.ones((4, 3), np.float32)

    np.testing.assert_array_equal(learner.target(seen), model(seen))
