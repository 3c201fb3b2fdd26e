"""Smaller models: their sums, their values, their files."""

import numpy as np
import pytest

from components.fitting.counts.ngrams import arpa
from components.fitting.counts.ngrams.compression import (
    load_compact,
    prune,
    quantize,
    save_compact,
)
from components.tasks.language_model.perplexity import perplexity
from tests.fitting.counts.ngrams.corpus import METHODS, WORDS, counted, drawn
from tests.fitting.counts.ngrams.test_smoothing import all_scores, contexts


@pytest.mark.parametrize("least", [(1, 1, 1), (1, 2, 3), (2, 2, 2), (1, 1, 10**6), (10**6,) * 3])
@pytest.mark.parametrize("method", METHODS)
def test_a_model_without_rare_ngrams_still_sums_to_1(method, least):
    counts = counted(drawn(2000), 4)
    model = prune(METHODS[method](counts, WORDS), counts, least)

    assert [len(one) for one in model.log_probabilities[1:]] == [
        (one >= low).sum() for one, low in zip(counts.counts[1:], least, strict=True)
    ]
    for context in contexts(4, 300):
        assert abs(all_scores(model, context).sum() - 1) < 1e-9


@pytest.mark.parametrize("method", METHODS)
def test_dropping_nothing_changes_nothing(method):
    counts = counted(drawn(2000), 3)
    model = METHODS[method](counts, WORDS)

    same = prune(model, counts, (1, 1))
    for context in contexts(3, 100):
        assert same.distribution(context) == pytest.approx(model.distribution(context), rel=1e-9)


def test_the_highest_order_dropped_is_the_model_below(tmp_path):
    counts = counted(drawn(2000), 3)
    model = prune(METHODS["katz"](counts, WORDS), counts, (1, 10**6))

    arpa.write(model, tmp_path / "a.arpa")
    lower = METHODS["katz"](counted(drawn(2000), 2), WORDS)
    assert arpa.read(tmp_path / "a.arpa").distribution((4, 5)) == pytest.approx(
        lower.distribution((4, 5))
    )


@pytest.mark.parametrize("least", [(1,), (2, 1), (1, 1, 1)])
def test_falling_or_missing_smallest_counts_are_refused(least):
    counts = counted(drawn(50), 3)

    with pytest.raises(ValueError, match=r"^Expected 2 smallest counts, none below the one before"):
        prune(METHODS["katz"](counts, WORDS), counts, least)


def test_counts_of_another_text_are_refused():
    model = METHODS["katz"](counted(drawn(50), 3), WORDS)

    with pytest.raises(ValueError, match=r"^These are not the counts that the model was made of$"):
        prune(model, counted(drawn(60), 3), (1, 1))


@pytest.mark.parametrize("method", METHODS)
def test_8_bits_cost_little(method):
    model, test = METHODS[method](counted(drawn(2000), 3), WORDS), drawn(500, seed=9)
    models = (model, quantize(model))

    before, after = (perplexity(*one.score_sentences(test)).value for one in models)
    assert after == pytest.approx(before, rel=0.01)


@pytest.mark.parametrize("bins", [1, 4, 256])
@pytest.mark.parametrize("method", METHODS)
def test_a_quantised_model_has_few_probabilities_that_sum_to_1(method, bins):
    model = quantize(METHODS[method](counted(drawn(2000), 3), WORDS), bins)

    assert all(len(np.unique(one)) <= bins for one in model.log_probabilities[1:])
    for context in contexts(3, 300):
        assert abs(all_scores(model, context).sum() - 1) < 1e-9


@pytest.mark.parametrize("bins", [4, 256])
@pytest.mark.parametrize("method", METHODS)
def test_contexts_that_every_word_follows_sum_to_1_in_few_bins(method, bins):
    random = np.random.default_rng(0)
    known = [0, *range(3, 30)]
    texts = [random.choice(known, random.poisson(4)).tolist() for _ in range(20_000)]
    before = METHODS[method](counted(texts, 3, 30), WORDS[:30])
    model = quantize(before, bins)

    is_full = model.trie.followed(1) == 29
    is_full_too = model.trie.followed(2) == 29
    assert is_full.any()
    assert not is_full_too.all()
    for context in ((1,), (0,), (5,), (1, 7), (29, 29)):
        assert abs(model.distribution(context).sum() - 1) < 1e-9
    lowered = model.log_probabilities[2][~is_full_too[model.trie.prefixes[2]]]
    assert len(np.unique(lowered)) <= bins


@pytest.mark.parametrize("how", [quantize, lambda model: model])
@pytest.mark.parametrize("order", [1, 2, 4])
def test_a_compact_file_has_the_model(order, how, tmp_path):
    model = how(METHODS["kneser_ney"](counted(drawn(2000), order), WORDS))
    for name in ("a", "b"):
        save_compact(model, tmp_path / name)
    arpa.write(model, tmp_path / "arpa")
    arpa.write(load_compact(tmp_path / "a"), tmp_path / "again")

    assert (tmp_path / "again").read_bytes() == (tmp_path / "arpa").read_bytes()
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_compact_file_is_small(tmp_path):
    model = quantize(METHODS["kneser_ney"](counted(drawn(2000), 4), WORDS))
    save_compact(model, tmp_path / "a")
    arpa.write(model, tmp_path / "arpa")

    assert (tmp_path / "a").stat().st_size < (tmp_path / "arpa").stat().st_size / 5
