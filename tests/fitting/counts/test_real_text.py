"""A model of a real text."""

import itertools

import numpy as np
import pytest
from project import ROOT

from components.fitting.counts.ngrams import arpa
from components.fitting.counts.ngrams.compression import prune, quantize
from components.fitting.counts.predictor import NgramPredictor
from components.ingest.sources.text import TextFiles
from components.tasks.language_model.perplexity import difference, perplexity
from tests.fitting.counts.made import fitted

FOLDER = ROOT.parent / "shared/data/tiny-shakespeare"

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"{FOLDER} is not here")


@pytest.fixture(scope="module")
def lines():
    """To learn from, and others."""
    section = TextFiles.model_validate({"source": "text", "file": "*.txt"})
    texts = list(section.listing(FOLDER / "data/tinyshakespeare").columns["text"])
    return texts[:20_000], texts[20_000:25_000]


def scored(made, lines):
    return NgramPredictor(made.model, True, FOLDER).score(lines)


def measured(made, lines):
    scores = scored(made, lines)
    return perplexity(scores.logs, scores.tokens)


@pytest.fixture(scope="module")
def trigrams(lines):
    return fitted(lines[0])


def test_more_words_before_it_make_a_word_less_surprising(lines, trigrams):
    words, bigrams = (fitted(lines[0], order=order) for order in (1, 2))

    assert measured(words, lines[1]).low > 1.5 * measured(bigrams, lines[1]).high
    two, three = (scored(made, lines[1]) for made in (bigrams, trigrams))
    assert difference(two.logs, three.logs, two.tokens).low > 0
    assert measured(trigrams, lines[1]).low > 30


def test_kneser_and_ney_are_better_than_katz_and_he_than_laplace(lines, trigrams):
    found = [
        measured(fitted(lines[0], smoothing=name), lines[1]).value
        for name in ("AddK", "GoodTuring")
    ]

    assert found[0] > 2 * found[1]
    assert found[1] > measured(trigrams, lines[1]).value


def test_distributions_sum_to_1_after_real_contexts(trigrams):
    model = trigrams.model
    ngrams = model.trie.ngrams(2)[:: len(model.trie.keys[0]) // 100]
    small = prune(model, trigrams.counts, (1, 2))

    for one, context in itertools.product((model, small, quantize(model)), ngrams):
        assert abs(one.distribution(context).sum() - 1) < 1e-9


def test_the_file_is_read_back_as_it_was(trigrams, tmp_path):
    arpa.write(trigrams.model, tmp_path / "model.arpa")

    found = arpa.read(tmp_path / "model.arpa")

    assert found.words == trigrams.model.words
    assert all(map(np.array_equal, found.log_probabilities, trigrams.model.log_probabilities))
