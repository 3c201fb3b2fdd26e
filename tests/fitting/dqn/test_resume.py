"""An agent whose learning is killed comes to the bytes of one whose is not."""

import pytest

from components.fitting.dqn.fit import fit
from components.fitting.state import State
from components.fitting.watch import Watch
from tests.fitting.dqn.made import episodes, pipeline
from tests.fitting.mortal import Killed, Mortal, gone_on
from tests.fitting.told import Told


def learn(state=None, *watchers):
    """The history, the best look and the bytes of the weights."""
    made = fit(pipeline(), episodes(), 7, Watch(*watchers, state=state))
    return made.history, made.best, [one.tobytes() for one in made.network.get_weights()]


@pytest.fixture(scope="module")
def whole():
    return learn()


@pytest.mark.parametrize("lives", [1, 3])
def test_killed_between_any_two_rounds_it_ends_with_the_same_bytes(tmp_path, whole, lives):
    made, killed = gone_on(learn, tmp_path / "state.npz", lives)

    assert killed >= 2
    assert repr(made) == repr(whole)  # a mean of nothing is NaN


def test_whoever_watches_is_told_the_looks_before_again(tmp_path, whole):
    with pytest.raises(Killed):
        learn(Mortal(tmp_path / "state.npz", 5))

    learn(State(tmp_path / "state.npz"), told := Told())

    assert told.works[0].done == 2  # of 128 steps each, in rounds of 64
    looks = [(number, values["val_return"]) for number, values in told.epochs]
    assert looks == list(enumerate(whole[0]["val_return"]))
