"""A run that is put down and taken up again."""

import numpy as np

from tests.fitting.dqn.made import training


def finished(run):
    while run.step < run.settings.steps:
        run.advance()
    return run


def test_a_run_that_is_taken_up_ends_as_if_it_had_not_been_put_down(tmp_path):
    whole, first, second = training(), training(), training()
    for _ in range(5):
        first.advance()
    np.savez(tmp_path / "state.npz", **first.state())

    second.restore(dict(np.load(tmp_path / "state.npz")))

    assert second.step == 320
    ours, theirs = finished(second).state(), finished(whole).state()
    assert ours.keys() == theirs.keys()
    for name, values in theirs.items():
        assert values.tobytes() == ours[name].tobytes(), name


def test_what_is_taken_up_is_all_that_was_put_down():
    first, second = training(), training()
    for _ in range(5):
        first.advance()

    second.restore(first.state())

    kept, again = first.state(), second.state()
    assert kept.keys() == again.keys()
    assert [name for name in kept if kept[name].tobytes() != again[name].tobytes()] == []


def test_the_target_network_is_a_copy_from_before():
    run = training()

    for _ in range(3):
        run.advance()
    is_copy = all(map(np.array_equal, run.network.get_weights(), run.learner.target.get_weights()))
    run.advance()

    assert not is_copy
    assert all(map(np.array_equal, run.network.get_weights(), run.learner.target.get_weights()))
