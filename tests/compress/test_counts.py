"""Smaller models by counts: their files, and their sums."""

import numpy as np
import pytest

from components.compress.stage import compress
from components.config.compress import Config, Method
from components.config.extension import home
from components.fitting.counts.ngrams import arpa
from components.fitting.counts.ngrams.compression import load_compact
from components.fitting.counts.predictor import counts_of
from components.tasks.language_model import LanguageModel
from tests.fitting.counts.made import predictor, sentences, split

MODELS = [{"smoothing": name} for name in ("AddK", "GoodTuring", "KneserNey")]


@pytest.fixture(params=MODELS, ids=lambda model: model["smoothing"])
def trained(request, tmp_path):
    return predictor(tmp_path / "trained", **request.param)


def made(trained, folder, method):
    """What comes of a method, by its name or with its settings."""
    (config,) = Config.model_validate({"methods": [method]}).methods
    return config.compress(trained, split([]), 0, folder / home(Method).name(config))


def size(model):
    return sum(map(len, model.log_probabilities))


METHODS = [
    "cutoff",
    {"cutoff": {"least": [2, 3]}},
    {"cutoff": {"least": [10**9]}},
    "bins",
    {"bins": {"bins": 2}},
]


@pytest.mark.parametrize("method", METHODS, ids=str)
def test_distributions_still_sum_to_1(trained, tmp_path, method):
    smaller = made(trained, tmp_path, method).model

    random, words = np.random.default_rng(0), len(smaller.words)
    contexts = [(1,), (1, 3), *random.integers(3, words, (50, 2)).tolist()]
    contexts += trained.model.trie.ngrams(2)[:50].tolist()
    assert smaller.words == trained.model.words
    for context in contexts:
        assert abs(smaller.distribution(context).sum() - 1) < 1e-9


@pytest.mark.parametrize("method", METHODS, ids=str)
def test_the_file_is_smaller_and_has_what_is_measured(trained, tmp_path, method):
    smaller = made(trained, tmp_path, method)

    assert smaller.path.stat().st_size < trained.path.stat().st_size
    read = {".arpa": arpa.read, ".npz": load_compact}[smaller.path.suffix](smaller.path)
    texts = sentences(30, seed=5)
    assert type(smaller)(read, True, smaller.path).score(texts).logs.tolist() == (
        smaller.score(texts).logs.tolist()
    )


@pytest.mark.parametrize(
    ("least", "kept"), [([1], (1, 1)), ([1, 2], (1, 2)), ([2], (2, 2)), ([1, 2, 9], (1, 2))]
)
def test_the_last_smallest_count_holds_for_longer_ngrams(tmp_path, least, kept):
    trained = predictor(tmp_path / "trained")

    smaller = made(trained, tmp_path, {"cutoff": {"least": least}})

    many = counts_of(trained).counts[1:]
    expected = [(one >= low).sum() for one, low in zip(many, kept, strict=True)]
    assert [len(one) for one in smaller.model.log_probabilities[1:]] == expected


def test_words_alone_have_nothing_to_drop(tmp_path):
    trained = predictor(tmp_path / "trained", order=1)

    assert size(made(trained, tmp_path, "cutoff").model) == size(trained.model)


def test_there_are_as_many_values_as_are_asked_for(trained, tmp_path):
    smaller = made(trained, tmp_path, {"bins": {"bins": 4}}).model

    assert max(len(np.unique(one)) for one in smaller.log_probabilities[1:]) <= 4
    assert np.array_equal(smaller.log_probabilities[0], trained.model.log_probabilities[0])


def test_capitals_count_as_before(tmp_path):
    trained = predictor(tmp_path / "trained", lower=False)

    for method in ("cutoff", "bins"):
        assert made(trained, tmp_path, method).lower is False


def test_the_same_model_gives_the_same_bytes(trained, tmp_path):
    (tmp_path / "again").mkdir()

    for method in ("cutoff", "bins"):
        one, other = made(trained, tmp_path, method), made(trained, tmp_path / "again", method)
        assert one.path.read_bytes() == other.path.read_bytes()


def test_a_method_that_makes_sentences_too_surprising_is_left_out(tmp_path):
    trained, test = predictor(tmp_path / "trained"), split(sentences(200, seed=5))
    task, config = LanguageModel(), Config.model_validate({"gate": {"max_drop": 0.5}})
    cut = made(trained, tmp_path, {"cutoff": {"least": [10**9]}})
    reference = task.outcomes(task.answers(trained, test), test, test.schema)

    (found,), _ = compress({"cutoff": cut}, config, task, test, reference, tmp_path)

    assert found.refused == (
        f"loses {found.drop:.2f} of test perplexity ({found.drop_low:.2f} or more); "
        "compress.gate.max_drop allows 0.5"
    )
    assert found.drop > 5
    assert not (tmp_path / "cutoff.arpa").exists()
