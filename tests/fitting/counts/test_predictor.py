"""A trained model answers for raw texts."""

from dataclasses import replace

import numpy as np
import pytest

from components.fitting.counts.predictor import NgramPredictor, counts_of
from components.fitting.predictor import load
from tests.fitting.counts.made import fitted, predictor, split


@pytest.fixture
def trained(tmp_path):
    return predictor(tmp_path / "trained")


def test_texts_are_scored_as_the_model_scores_their_words(trained):
    model = trained.model
    ids = {word: place for place, word in enumerate(model.words)}

    found = trained.score(["The CAPTAIN saw nobody.", "a whale", ""])

    rows = [["the", "captain", "saw", "nobody", "."], ["a", "<unk>"], []]
    logs, tokens = model.score_sentences([[ids[word] for word in row] for row in rows])
    assert np.array_equal(found.logs, logs)
    assert found.tokens.tolist() == tokens.tolist() == [6, 3, 1]
    assert found.unknown.tolist() == [0, 1, 0]
    assert found.kinds_of_unknown == 1


def test_no_texts_have_no_scores(trained):
    found = trained.score([])

    assert len(found.logs) == len(found.tokens) == len(found.unknown) == 0


def test_a_special_word_in_a_text_is_its_signs(trained):
    assert trained.score(["<s>"]).tokens.tolist() == [4]


def test_capitals_count_where_the_model_was_made_so(tmp_path):
    kept = predictor(tmp_path / "kept", lower=False)

    assert kept.score(["the captain", "THE captain"]).unknown.tolist() == [0, 1]


def test_a_seed_draws_the_same_sentences_of_known_words(trained):
    drawn = trained.sample(20, seed=3)

    assert drawn == trained.sample(20, seed=3) != trained.sample(20, seed=4)
    assert {word for one in drawn for word in one.split()} <= set(trained.model.words)


def test_the_words_are_gone_through_once_and_not_for_each_text(trained):
    walks = []

    class Words(tuple):
        """Notes each walk through it."""

        def __iter__(self):
            walks.append(len(self))
            return super().__iter__()

        def __getitem__(self, place):
            walks.extend([len(self)] * isinstance(place, slice))
            return super().__getitem__(place)

    model = replace(trained.model, words=Words(trained.model.words))
    predictor = NgramPredictor(model, True, trained.path)

    found = [predictor.score(["the captain saw a whale"]) for _ in range(3)]

    assert [one.kinds_of_unknown for one in found] == [1, 1, 1]
    assert walks == [len(trained.model.words)]


def test_the_time_of_one_text_is_measured(trained):
    assert trained.latency_ms(split(["the captain saw nobody"] * 3)) > 0


def test_the_predictor_of_a_folder_is_found_with_its_counts(trained, tmp_path):
    found = load(tmp_path / "trained")

    assert found.path == tmp_path / "trained" / "model.arpa"
    ours, theirs = counts_of(found), fitted().counts
    assert all(map(np.array_equal, ours.counts, theirs.counts))
