"""What chance does: exchanges against enumerations, intervals against formulas."""

import tracemalloc
from itertools import product

import numpy as np
import pytest
from scipy.stats import binomtest

from components.tasks import chance
from components.tasks.chance import exchanged, reach, share, summed


@pytest.mark.parametrize("count", [0, 1, 6, 13])
def test_of_a_few_examples_each_exchange_is_looked_at(count):
    gains = np.random.default_rng(count).normal(0.3, 1, count)
    sums = [abs((np.array(signs) * gains).sum()) for signs in product((1, -1), repeat=count)]

    assert summed(gains) == np.mean(np.array(sums) >= sums[0] - 1e-9)


def test_of_more_as_many_are_drawn_as_tell_the_share():
    gains = np.random.default_rng(0).normal(0.5, 1, 16)
    signs = 1 - 2 * (np.arange(2**16)[:, np.newaxis] >> np.arange(16) & 1)
    sums = np.abs(signs @ gains)

    assert summed(gains) == pytest.approx(np.mean(sums >= sums[0] - 1e-9), abs=0.01)


def test_examples_on_which_two_models_agree_do_not_count():
    gains = np.array([0.5, 1, 2, 1, 3, 1.0])

    assert summed(np.concatenate([gains, np.zeros(1000)])) == summed(gains) == 2 / 64


def test_how_large_the_gains_are_makes_no_difference():
    gains = np.array([0.1, 0.2, 0.3, -0.6, 0.1, -0.1])

    assert [summed(gains * size) for size in (1e-30, 1e30)] == [summed(gains)] * 2


def test_a_block_has_no_more_numbers_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(chance, "ENTRIES", 400)
    sizes = []

    def gap(exchanges):
        sizes.append(len(exchanges))
        return np.zeros(len(exchanges))

    assert exchanged(10, gap, entries=100) == exchanged(20, gap, entries=100) == 1
    assert max(sizes) == 4
    assert sum(sizes) == 1 + 2**10 + 1 + 9999


def test_many_examples_take_little_memory():
    gains = np.random.default_rng(0).normal(0, 1, 20_000)
    tracemalloc.start()

    summed(gains)

    assert tracemalloc.get_traced_memory()[1] < 150e6
    tracemalloc.stop()


def test_an_interval_reaches_students_quantile_of_errors():
    values = np.random.default_rng(0).normal(0, 1, 20)
    without = (values.sum() - values) / 19

    error = values.std(ddof=1) / np.sqrt(20)
    assert reach(without) == pytest.approx(2.093024 * error)
    assert reach(without[:1]) == np.inf


def test_where_no_example_tells_the_variance_the_interval_is_that_of_a_share():
    found = share(1.0, np.zeros(1000))

    wilson = binomtest(1000, 1000).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((wilson.low, wilson.high), abs=1e-4)
