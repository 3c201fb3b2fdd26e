"""Counting the n-grams of a train split, and smoothing them."""

import math

import numpy as np
import pytest

from components.base.errors import Stop
from components.fitting.counts import fit as counting
from components.fitting.counts.ngrams.addition import add_k
from components.fitting.counts.ngrams.katz import katz
from components.fitting.counts.ngrams.kneser_ney import kneser_ney
from components.fitting.counts.ngrams.vocabulary import encode, ids_of
from components.fitting.counts.predictor import load
from components.fitting.counts.tokens import tokenize
from components.fitting.watch import Watch
from tests.fitting.counts.made import data, fitted, pipeline, sentences
from tests.fitting.told import Told


def saved(made, folder):
    folder.mkdir()
    made.save(folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def parts(monkeypatch):
    """Sixty sentences at a time."""
    monkeypatch.setattr(counting, "PART", 60)


def test_what_is_saved_is_loaded_again(tmp_path):
    made = fitted()

    files = saved(made, tmp_path / "trained")

    assert sorted(files) == ["counts.npz", "model.arpa", "predictor.json", "tokens.json"]
    assert load(tmp_path / "trained").model.words == made.model.words


def test_counting_again_gives_the_same_bytes(tmp_path):
    assert saved(fitted(), tmp_path / "a") == saved(fitted(), tmp_path / "b")


def test_parts_counted_by_processes_give_the_same_bytes(tmp_path, parts, processes, monkeypatch):
    several = saved(fitted(), tmp_path / "several")

    monkeypatch.setattr(counting, "PART", 1000)
    assert saved(fitted(), tmp_path / "one") == several


def test_parts_counted_on_a_cluster_give_the_same_bytes(tmp_path, parts, cluster):
    there = saved(fitted(dask=cluster), tmp_path / "there")

    assert saved(fitted(), tmp_path / "here") == there


def test_a_cluster_that_does_not_answer_is_named():
    with pytest.raises(Stop, match=r"^params\.yaml: dask: no scheduler answers at tcp://127.0.0.1"):
        fitted(dask="tcp://127.0.0.1:9")


@pytest.mark.parametrize(
    ("smoothing", "by"),
    [
        ("AddK", lambda counts, words: add_k(counts, words, 1.0)),
        ({"AddK": {"k": 0.05}}, lambda counts, words: add_k(counts, words, 0.05)),
        ("GoodTuring", lambda counts, words: katz(counts, words, 5)),
        ({"GoodTuring": {"reliable": 2}}, lambda counts, words: katz(counts, words, 2)),
        ("KneserNey", kneser_ney),
        ({"KneserNey": {"discount": 0.75}}, lambda counts, words: kneser_ney(counts, words, 0.75)),
    ],
)
@pytest.mark.parametrize("order", [1, 3])
def test_the_smoothing_is_that_of_the_file(smoothing, by, order):
    made = fitted(order=order, smoothing=smoothing)

    expected = by(made.counts, made.model.words)
    assert made.model.order == order
    for ours, theirs in zip(
        (*made.model.log_probabilities, *made.model.log_weights),
        (*expected.log_probabilities, *expected.log_weights),
        strict=True,
    ):
        assert np.array_equal(ours, theirs)


def test_rare_words_are_unknown():
    texts = ["a ship", "a ship", "a whale"]

    assert fitted(texts).model.words == ("<unk>", "<s>", "</s>", "a", "ship")
    assert fitted(texts, least_count=1).model.words[-1] == "whale"
    assert fitted(texts, least_count=3).model.words[3:] == ("a",)


def test_capitals_are_kept_where_the_file_says_so():
    texts = ["The sea", "the Sea"] * 2

    assert fitted(texts).model.words[3:] == ("sea", "the")
    assert fitted(texts, lower=False).model.words[3:] == ("Sea", "The", "sea", "the")


def test_the_loss_is_the_mean_of_a_word_in_nats():
    made, validation = fitted(), data([]).validation

    ids = encode([tokenize(one, True) for one in validation.input], ids_of(made.model.words))
    scores, lengths = made.model.score_tokens(ids)
    assert made.history["val_loss"] == [pytest.approx(-scores.sum() * math.log(10) / lengths.sum())]
    assert 0 < made.history["loss"][0] < made.history["val_loss"][0] < math.log(40)
    assert made.best == 0


def test_its_size_is_told():
    numbers = fitted(["a ship", "a ship"]).numbers

    assert numbers == {"words": 5, "1-grams": 5, "2-grams": 3, "3-grams": 2}


def test_it_is_watched_as_one_epoch():
    counting.fit(pipeline(), data(sentences(30)), 0, Watch(told := Told()))

    assert [work.epochs for work in told.works] == [1]
    assert [(number, sorted(values)) for number, values in told.epochs] == [
        (0, ["loss", "val_loss"])
    ]


@pytest.mark.parametrize("smoothing", ["AddK", "GoodTuring", "KneserNey"])
@pytest.mark.parametrize(
    "texts", [[""], ["a"], ["!", "?"], ["a " * 300], ["one two three"] * 3], ids=str
)
def test_a_text_of_next_to_nothing_is_learned(texts, smoothing, tmp_path):
    saved(fitted(texts, smoothing=smoothing), tmp_path / "trained")

    model = load(tmp_path / "trained").model
    for context in ((1,), (1, 0), (1, len(model.words) - 1)):
        assert model.distribution(context).sum() == pytest.approx(1, abs=1e-9)


def test_a_text_with_a_sign_that_no_file_of_words_can_hold_is_learned(tmp_path):
    saved(fitted(["a\0b \0", "a\0b \0"]), tmp_path / "trained")

    assert load(tmp_path / "trained").model.words[3:] == ("a", "b")


def test_workers_get_the_sentences_part_by_part(parts, monkeypatch):
    seen = []

    class Workers(counting.Workers):
        """Notes how many sentences each part has."""

        def map(self, function, items, what):
            seen.append((what, [len(texts) for texts, *_ in items]))
            return map(function, items)

    monkeypatch.setattr(counting, "Workers", Workers)
    fitted(sentences(130))

    assert seen == [("counting", [60, 60, 10])]
