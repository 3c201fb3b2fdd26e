"""What a replay memory holds, and what is drawn from it."""

import numpy as np
import pytest

from components.fitting.dqn.replay import Replay


def transitions(values):
    rows = np.asarray(values, np.float32)
    pairs = dict.fromkeys(("observation", "next_observation"), rows[:, None])
    return {"action": rows.astype(np.int32), **pairs, "reward": rows, "terminated": rows}


def test_a_full_memory_writes_over_the_oldest():
    replay = Replay(4, 1)

    replay.add(transitions([0, 1, 2]))
    replay.add(transitions([3, 4, 5]))

    assert replay.arrays["action"].tolist() == [4, 5, 2, 3]
    assert (replay.size, replay.position) == (4, 2)


def test_what_is_drawn_has_been_written_and_its_parts_belong_together():
    replay = Replay(100, 1)
    replay.add(transitions([7, 8, 9]))

    drawn = replay.sample(50, np.random.default_rng(0))

    assert set(drawn["action"].tolist()) == {7, 8, 9}
    for name in ("observation", "next_observation", "reward", "terminated"):
        assert (np.ravel(drawn[name]) == drawn["action"]).all(), name


def test_more_than_it_holds_is_refused():
    with pytest.raises(ValueError, match=r"^a replay memory of 2 cannot take 3 at once$"):
        Replay(2, 1).add(transitions([1, 2, 3]))
