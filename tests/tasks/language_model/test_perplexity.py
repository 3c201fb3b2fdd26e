"""Perplexity, its interval and differences, against other ways to compute them; samples."""

from itertools import product

import numpy as np
import pytest

from components.fitting.counts.ngrams.sampling import sample
from components.tasks.language_model.perplexity import difference, perplexity
from tests.fitting.counts.ngrams.corpus import SIZE, drawn, fitted


def scored(count, seed=0, gain=0.0):
    """Log probabilities of sentences by two models, and their lengths."""
    random = np.random.default_rng(seed)
    tokens = random.integers(1, 40, count)
    rates = random.normal(-2, 0.5, count)
    ours = tokens * rates
    return ours, ours - gain * tokens + random.normal(0, 0.5, count) * np.sqrt(tokens), tokens


def value(logs, tokens):
    return 10 ** (-logs.sum() / tokens.sum())


def test_a_uniform_model_has_its_size_as_perplexity():
    model, test = fitted("add_k", 2, []), drawn(50)

    assert perplexity(*model.score_sentences(test)).value == pytest.approx(SIZE - 1)


def test_the_interval_is_a_jackknifes():
    logs, _, tokens = scored(60)
    rows = np.arange(60)
    without = np.log10([value(logs[rows != row], tokens[rows != row]) for row in rows])
    error = np.sqrt(59 / 60 * ((without - without.mean()) ** 2).sum())

    found = perplexity(logs, tokens)
    assert found.value == pytest.approx(value(logs, tokens))
    assert found.low == pytest.approx(found.value * 10 ** (-2.000995 * error))
    assert found.high == pytest.approx(found.value * 10 ** (2.000995 * error))


def test_the_interval_has_the_truth_in_95_of_100_texts():
    whole, _, every = scored(200_000)
    truth = value(whole, every)
    hits = 0
    for seed in range(1000):
        rows = np.random.default_rng(seed).integers(0, 200_000, 40)
        found = perplexity(whole[rows], every[rows])
        hits += found.low <= truth <= found.high
    assert 0.92 < hits / 1000 < 0.975


def test_one_sentence_tells_next_to_nothing():
    found = perplexity(np.array([-4.0]), np.array([2]))

    assert (found.low, found.value, found.high) == (1, pytest.approx(100), np.inf)
    found = difference(np.array([-4.0]), np.array([-2.0]), np.array([2]))
    assert (found.low, found.value, found.high) == (-np.inf, pytest.approx(90), np.inf)


def test_an_interval_that_no_float_can_hold_is_infinite():
    found = perplexity(np.array([-5.0, -400]), np.array([3, 4]))

    assert (found.low, found.high) == (1, np.inf)


def test_no_sentence_has_no_perplexity():
    with pytest.raises(ValueError, match=r"^Perplexity needs 1 sentence or more, got 0$"):
        perplexity(np.zeros(0), np.zeros(0, np.int64))


def test_sentences_that_do_not_match_are_refused():
    with pytest.raises(ValueError, match=r"^2 log probabilities do not fit 3 sentences$"):
        difference(np.zeros(3), np.zeros(2), np.ones(3, np.int64))


def test_the_difference_is_that_of_the_values_and_turns_with_the_models():
    ours, theirs, tokens = scored(50, gain=0.02)

    found, other = difference(ours, theirs, tokens), difference(theirs, ours, tokens)
    assert found.value == pytest.approx(value(ours, tokens) - value(theirs, tokens))
    assert (found.low, found.high) == pytest.approx((-other.high, -other.low))


def test_no_model_beats_itself():
    ours, _, tokens = scored(50)

    found = difference(ours, ours, tokens)
    assert (found.low, found.value, found.high) == (0, 0, 0)


def test_a_clear_gain_is_found():
    assert difference(*scored(500, gain=0.1)).high < 0


def test_equal_models_seldom_differ():
    found = [difference(*scored(30, seed)) for seed in range(200)]

    assert sum(not one.low <= 0 <= one.high for one in found) / 200 < 0.09


@pytest.mark.parametrize(("count", "is_enough"), [(3, False), (5, False), (6, True)])
def test_a_few_sentences_that_all_agree_are_not_enough(count, is_enough):
    """Of six, a coin says the same of all in one of 32 throws; of five in one of 16."""
    tokens = np.full(count, 10)
    ours = np.linspace(-20, -21, count)

    assert (difference(ours, ours - 1, tokens).high < 0) is is_enough


def test_the_test_is_that_of_all_exchanges():
    for seed in range(20):
        ours, theirs, tokens = scored(9, seed, gain=0.1)
        gains = ours - theirs
        sums = np.abs([(np.array(one) * gains).sum() for one in product((1, -1), repeat=9)])
        share = (sums >= sums[0] - 1e-12).mean()
        if abs(share - 0.05) > 0.01:
            found = difference(ours, theirs, tokens)
            assert found.low <= 0 <= found.high or share < 0.05


def test_a_seed_draws_the_same_sentences():
    model = fitted("kneser_ney", 3)

    assert sample(model, 5, seed=1) == sample(model, 5, seed=1) != sample(model, 5, seed=2)


def test_samples_have_words_as_often_as_the_model_says():
    model = fitted("kneser_ney", 2)
    drawn_words = [one[0] if one else 2 for one in sample(model, 5000, seed=0)]

    expected = 5000 * model.distribution((1,))
    found = np.bincount(drawn_words, minlength=SIZE)
    assert found[1] == 0
    assert (abs(found - expected) < 5 * np.sqrt(expected + 1)).all()


def test_samples_end():
    assert max(map(len, sample(fitted("add_k", 1), 50, seed=0, most=4))) == 4
