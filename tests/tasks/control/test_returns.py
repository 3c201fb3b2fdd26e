"""Intervals of mean returns and of their differences."""

import numpy as np
import pytest
from scipy.stats import t

from components.tasks.control.returns import difference, mean_return


def capped(random):
    """Returns of CartPole, 5 % of which fail; mean 490."""
    return np.where(random.random(100) < 0.05, random.uniform(100, 500, 100), 500)


@pytest.mark.parametrize(
    ("draw", "truth"),
    [
        pytest.param(capped, 490, id="most at the limit"),
        pytest.param(lambda random: random.exponential(1, 100), 1, id="a long tail"),
        pytest.param(lambda random: random.random(100) < 0.74, 0.74, id="all or nothing"),
        pytest.param(lambda random: random.normal(0, 1, 100), 0, id="symmetric"),
    ],
)
def test_the_interval_covers_the_mean_in_95_of_100_cases(draw, truth):
    random = np.random.default_rng(0)

    found = [mean_return(draw(random)) for _ in range(2000)]

    assert 0.935 <= np.mean([one.low <= truth <= one.high for one in found]) <= 0.975


def test_the_interval_of_symmetric_returns_is_students():
    values = np.concatenate([np.arange(-10, 0), np.arange(1, 11)])

    found = mean_return(values)

    expected = t.interval(0.95, 19, 0, values.std(ddof=1) / np.sqrt(20))
    assert (found.low, found.high) == pytest.approx(expected, rel=1e-4)


def test_returns_all_alike_do_not_say_what_others_are():
    found = mean_return([500.0] * 100)

    assert (found.value, found.low, found.high) == (500, -np.inf, np.inf)


def test_failures_that_are_too_rare_to_be_seen_do_not_make_an_interval_certain():
    random = np.random.default_rng(0)
    draws = (np.where(random.random(100) < 0.01, 100, 500) for _ in range(1000))

    found = [mean_return(one) for one in draws]

    assert np.mean([one.low <= 496 <= one.high for one in found]) >= 0.95


@pytest.mark.parametrize(("seeds", "excludes"), [(5, False), (6, True)], ids=["2 in 32", "2 in 64"])
def test_differences_all_alike_say_who_is_ahead_and_not_by_how_much(seeds, excludes):
    ours, theirs = np.full(seeds, 500.0), np.full(seeds, 9.0)

    ahead, behind = difference(ours, theirs), difference(theirs, ours)

    assert (ahead.value, ahead.high) == (491, np.inf)
    assert (behind.value, behind.low) == (-491, -np.inf)
    assert (ahead.low > 0) is (behind.high < 0) is excludes


def test_policies_of_equal_worth_seldom_seem_to_differ():
    random = np.random.default_rng(0)

    found = [difference(capped(random), capped(random)) for _ in range(300)]

    assert np.mean([one.low > 0 or one.high < 0 for one in found]) <= 0.075


@pytest.mark.parametrize(("seeds", "excludes"), [(5, False), (6, True)], ids=["2 in 32", "2 in 64"])
def test_a_difference_counts_only_where_a_test_agrees(seeds, excludes):
    theirs = np.arange(float(seeds))

    found = difference(theirs + 100 + theirs / 10, theirs)

    assert (found.low > 0) == excludes
    assert found.low <= found.value <= found.high


def test_the_same_returns_do_not_differ():
    found = difference([1.0, 2.0] * 10, [1.0, 2.0] * 10)

    assert (found.value, found.low, found.high) == (0, -np.inf, np.inf)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mean_return([1.0]), r"^an interval needs 2 returns or more; got 1$"),
        (lambda: difference([1.0, 2.0], [1.0]), r"^2 returns cannot be paired with 1$"),
    ],
    ids=["one", "unpaired"],
)
def test_what_cannot_be_measured_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
