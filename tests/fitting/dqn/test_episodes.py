"""Environments in lock step that begin again."""

import numpy as np

from components.fitting.dqn.episodes import Episodes


def test_a_truncated_episode_did_not_terminate():
    episodes = Episodes("MountainCar-v0", 2, range(3), seed=0)

    steps = [episodes.step(np.asarray([1, 1])) for _ in range(201)]

    assert sum(step["terminated"].sum() for step in steps) == 0
    assert not np.array_equal(steps[199]["next_observation"], steps[200]["observation"])
    assert episodes.returns == [-200, -200]


def test_a_terminated_episode_says_so_and_shows_where_it_ended():
    episodes = Episodes("CartPole-v1", 1, range(3), seed=0)

    steps = [episodes.step(np.zeros(1, np.int64)) for _ in range(15)]

    (end,) = [step for step in steps if step["terminated"].any()]
    assert abs(end["next_observation"][0, 2]) > 12 * np.pi / 180


def test_each_pass_goes_through_all_seeds_in_another_order():
    episodes = Episodes("CartPole-v1", 1, range(4), seed=0)
    begun = [episodes.observations[0].tolist()]

    while len(begun) < 8:
        if episodes.step(np.zeros(1, np.int64))["terminated"].any():
            begun.append(episodes.observations[0].tolist())

    assert sorted(begun[:4]) == sorted(begun[4:])
    assert begun[:4] != begun[4:]
    assert len({tuple(one) for one in begun}) == 4
