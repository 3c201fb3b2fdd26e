"""Models against the formulas of the textbooks, and their sums."""

import numpy as np
import pytest

from components.fitting.counts.ngrams.addition import add_k
from components.fitting.counts.ngrams.counts import Counts
from components.fitting.counts.ngrams.katz import discounts, katz
from components.fitting.counts.ngrams.kneser_ney import kneser_ney
from tests.fitting.counts.ngrams.corpus import METHODS, SIZE, WORDS, counted, drawn, fitted
from tests.fitting.counts.ngrams.textbook import TEXTBOOK

ORDERS = (1, 2, 3, 4)


def contexts(order, count, seed=5):
    """Contexts of each length below the order, of a text and at random, `<s>` only at the front."""
    random = np.random.default_rng(seed)
    rows = [(1, *one) for one in drawn(500)]
    found = []
    for at in range(count):
        length = at % max(1, order)
        if at % 2:
            row = rows[random.integers(len(rows))]
            end = random.integers(len(row)) + 1
            found.append(row[max(0, end - length) : end])
        else:
            found.append(tuple(one if one > 1 else 0 for one in random.integers(0, SIZE, length)))
    return found


def all_scores(model, context):
    """Of each word after a context, by `score`; of `<s>` 0."""
    found = 10 ** model.score(np.tile(context, (SIZE, 1)).astype(int), np.arange(SIZE))
    found[1] = 0
    return found


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("method", METHODS)
def test_each_distribution_sums_to_1_after_a_thousand_contexts(method, order):
    model = fitted(method, order)

    for context in contexts(order, 1000):
        found = all_scores(model, context)
        assert abs(found.sum() - 1) < 1e-9
        assert model.distribution(context) == pytest.approx(found, rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("method", METHODS)
def test_200_tokens_have_the_probability_of_the_textbook(method, order):
    sentences, test = drawn(150), drawn(40, seed=9)
    book = TEXTBOOK[method](sentences, order, SIZE)
    model = fitted(method, order, sentences)

    scores, lengths = model.score_tokens(test)
    rows = [(1, *one, 2) for one in test]
    expected = [book.p(row[:at], row[at]) for row in rows for at in range(1, len(row))]
    assert len(expected) == lengths.sum() >= 200
    assert 10 ** scores[:250] == pytest.approx(expected[:250], rel=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_a_sentence_has_the_product_of_its_tokens(method):
    model, test = fitted(method, 3), drawn(30, seed=9)

    scores, lengths = model.score_tokens(test)
    sums, again = model.score_sentences(test)
    assert (again == lengths).all()
    assert sums == pytest.approx([one.sum() for one in np.split(scores, np.cumsum(lengths)[:-1])])


TEXTS = {
    "one sentence": [[3, 4, 5, 3, 4]],
    "one word": [[3]],
    "an empty sentence": [[]],
    "empty sentences": [[]] * 20,
    "one word again and again": [[3] * 50] * 10,
    "only unknown words": [[0, 0, 0]],
    "all words after each, often": [[a, b] for a in (0, 3, 4, 5) for b in (0, 3, 4, 5)] * 20,
    "counts above 5 alone": [[3, 4, 5]] * 20,
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [3, 4, 6])
@pytest.mark.parametrize("text", TEXTS)
def test_a_degenerate_text_still_has_a_distribution(text, size, method, order):
    sentences = [[one if one < size else 0 for one in each] for each in TEXTS[text]]
    words, random = WORDS[:size], np.random.default_rng(0)
    model = METHODS[method](counted(sentences, order, size), words)
    book = TEXTBOOK[method](sentences, order, size)

    for _ in range(30):
        context = (1, *random.choice([0, *range(3, size)], random.integers(0, order + 1)).tolist())
        found = model.distribution(context)
        assert abs(found.sum() - 1) < 1e-9
        assert found == pytest.approx([book.p(context, w) if w != 1 else 0 for w in range(size)])
        assert (np.delete(found, 1) > 0).all()


@pytest.mark.parametrize("method", METHODS)
def test_no_sentences_have_no_scores(method):
    scores, lengths = fitted(method, 3).score_sentences([])

    assert len(scores) == len(lengths) == 0


@pytest.mark.parametrize("smoothing", [katz, kneser_ney])
def test_without_a_sentence_there_is_no_model(smoothing):
    with pytest.raises(ValueError, match=r"^No sentence was counted$"):
        smoothing(Counts(SIZE, 2), WORDS)


def test_add_k_of_nothing_is_uniform():
    assert add_k(Counts(SIZE, 3), WORDS).distribution((1, 4))[3] == pytest.approx(1 / (SIZE - 1))


@pytest.mark.parametrize("k", [0, -1, np.inf, np.nan])
def test_add_k_needs_a_k_above_0(k):
    with pytest.raises(ValueError, match=r"^k must be a number above 0, got "):
        add_k(counted(drawn(5), 2), WORDS, k)


@pytest.mark.parametrize("discount", [0, -0.1, 1.1, np.nan, [0.5], [0.5, 0.5, 2]])
def test_a_discount_outside_is_refused(discount):
    with pytest.raises(ValueError, match=r"^A discount must be above 0 and at most 1, one or 3"):
        kneser_ney(counted(drawn(5), 3), WORDS, discount)


def test_a_discount_given_for_all_orders_is_that_of_each():
    counts = counted(drawn(100), 3)

    one, each = kneser_ney(counts, WORDS, 0.75), kneser_ney(counts, WORDS, [0.75] * 3)
    assert (one.distribution((4, 5)) == each.distribution((4, 5))).all()
    assert (one.distribution((4, 5)) != kneser_ney(counts, WORDS).distribution((4, 5))).any()


def test_katz_needs_counts_to_discount():
    with pytest.raises(ValueError, match=r"^reliable must be 1 or more, got 0$"):
        katz(counted(drawn(5), 2), WORDS, 0)


def test_discounts_keep_the_mass_of_words_seen_once():
    """What is taken off all counts is `n(1)`: Katz's condition, his equation 20."""
    counts = np.repeat(np.arange(1, 9), [400, 150, 80, 50, 33, 24, 10, 5])

    found = discounts(counts, 5)
    assert ((1 - found[counts]) * counts).sum() == pytest.approx(400)
    assert (found[6:] == 1).all()


@pytest.mark.parametrize(
    ("many", "first"),
    [
        pytest.param([100, 30, 12, 6, 3, 0], 5, id="no count of 6: 4 are reliable"),
        pytest.param([100, 0, 10, 5, 3, 2], 0, id="no count of 2"),
        pytest.param([0, 5, 10, 5, 3, 2], 0, id="no count of 1"),
        pytest.param([5, 50, 500, 500, 500, 500], 0, id="rising"),
    ],
)
def test_where_counts_of_counts_tell_nothing_half_a_count_is_taken(many, first):
    counts = np.repeat(np.arange(1, 7), many)

    found = discounts(counts, 5)
    assert (found[1:] > 0).all()
    assert found[1] < 1
    if first:
        assert (found[first:] == 1).all()
    else:
        assert found[1:] == pytest.approx([(r - 0.5) / r for r in range(1, counts.max() + 1)])
