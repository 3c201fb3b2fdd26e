"""What is measured of a policy, kept of it and drawn."""

import numpy as np
import pytest

from components.data import rollout
from components.tasks.control import Control, draw, measure
from components.tasks.control.measure import Answers
from tests.fitting.dqn.made import split

TEST = split(range(100, 110))


def lean(observations):
    return (observations[:, 2] + observations[:, 3] > 0).astype(np.int64)


class Leaning:
    def actions(self, observations):
        return lean(observations)


def left(observations):
    return np.zeros(len(observations), np.int64)


@pytest.fixture(scope="module")
def answers():
    return measure.answers(Control(), Leaning(), TEST)


def test_a_policy_is_measured_beside_one_that_draws(answers):
    found = measure.measure(Control(), answers, TEST)

    random = rollout.random_returns("CartPole-v1", range(100, 110))
    assert found.metrics["mean_return"].value == np.mean(answers.returns)
    assert found.examples == 10
    assert found.numbers == {
        "mean_return_of_a_random_policy": random.mean(),
        "more_than_a_random_policy": pytest.approx(np.mean(answers.returns - random)),
        "least_return": answers.returns.min(),
    }
    assert found.details == {"returns": answers.returns.tolist(), "random": random.tolist()}


def test_what_is_kept_of_each_episode_gives_the_metric_and_the_difference_again(answers):
    worse = Answers(rollout.returns("CartPole-v1", left, range(100, 110)), left)

    ours, theirs = (measure.outcomes(Control(), one, TEST, TEST.schema) for one in (answers, worse))

    found = measure.measure(Control(), answers, TEST)
    assert measure.value("mean_return", ours) == found.metrics["mean_return"]
    gain = measure.difference("mean_return", ours, theirs)
    assert gain.value == pytest.approx(np.mean(answers.returns - worse.returns))
    assert gain.low > 0
    assert ours.keys == theirs.keys


def test_episodes_of_another_environment_are_no_episodes_of_this_one(answers):
    ours = measure.outcomes(Control(), answers, TEST, TEST.schema)
    other = split(range(100, 110), "CartPole-v0")

    theirs = measure.outcomes(Control(), answers, other, other.schema)

    assert ours.truth != theirs.truth


def test_people_see_returns_and_as_many_frames_as_the_file_says(answers):
    found = measure.measure(Control(), answers, TEST)

    drawn = draw.figures(Control(frames=3), found, answers, TEST, shown=20)

    returns, frames = drawn.values()
    median = int(np.argsort(answers.returns, kind="stable")[5])
    length = int(answers.returns[median])
    assert list(drawn) == [
        "Returns",
        f"The median episode, seed {100 + median}, return {length}",
    ]
    assert [text.get_text() for text in returns.axes[0].get_legend().get_texts()] == [
        "actions drawn at random",
        "the policy",
    ]
    titles = [axes.get_title() for axes in frames.axes if axes.get_title()]
    assert titles == ["step 0", f"step {length // 2}", f"step {length}"]


def test_an_environment_that_cannot_be_seen_has_its_returns(answers, monkeypatch):
    def missing(*_):
        raise ValueError("no pygame")

    monkeypatch.setattr(rollout, "frames", missing)
    found = measure.measure(Control(), answers, TEST)

    assert list(draw.figures(Control(), found, answers, TEST, shown=20)) == ["Returns"]


def test_each_episode_has_its_row(answers):
    found = measure.measure(Control(), answers, TEST)

    columns, rows = draw.tables(Control(), found, answers, TEST)["returns"]

    assert columns == ["seed", "return", "return of a random policy"]
    expected = zip(range(100, 110), answers.returns, found.details["random"], strict=True)
    assert list(rows) == list(expected)


@pytest.mark.parametrize(
    ("gained", "words"),
    [
        ([10.0, 500.0, 500.0], "epoch 3 of 3 is kept: 500.0 in validation"),
        ([10.0, 500.0, 90.0], "epoch 2 of 3 is kept: 500.0 in validation"),
        (
            [10.0, 90.0, 410.9],
            "epoch 3 of 3 is kept: 410.9 in validation; still improving at the end; more steps",
        ),
        ([10.0], "epoch 1 of 1 is kept: 10.0 in validation"),
    ],
    ids=["as good as before", "better before", "better than ever", "one look"],
)
def test_the_curves_say_whether_more_steps_may_help(gained, words):
    best = int(np.flatnonzero(np.array(gained) == max(gained))[-1])

    assert Control().diagnose({"val_return": gained}, best, len(gained)) == words
