"""A run, round by round."""

import numpy as np

from tests.fitting.dqn.made import training


def test_the_target_network_is_a_copy_from_before():
    run = training()

    for _ in range(3):
        run.advance()
    is_copy = all(map(np.array_equal, run.network.get_weights(), run.learner.target.get_weights()))
    run.advance()

    assert not is_copy
    assert all(map(np.array_equal, run.network.get_weights(), run.learner.target.get_weights()))
