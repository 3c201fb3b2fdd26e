"""How well sentences are predicted."""

from dataclasses import replace

import numpy as np
import pytest

from components.tasks.language_model import LanguageModel, perplexity
from components.tasks.outcomes import read_outcomes, write_outcomes
from tests.tasks.language_model.made import LOGS, TOKENS, UNKNOWN, Predictor, sentences

TASK = LanguageModel(samples=2)


@pytest.fixture
def answers():
    return TASK.answers(Predictor(), sentences())


def test_raw_sentences_are_scored_and_a_few_drawn(answers):
    assert np.array_equal(answers.logs, LOGS)
    assert np.array_equal(answers.tokens, TOKENS)
    assert np.array_equal(answers.unknown, UNKNOWN)
    assert answers.samples == ["", "<unk> & 1 0"]


def test_perplexity_comes_with_an_interval_and_the_other_numbers_without(answers):
    found = TASK.measure(answers, sentences())

    assert found.metrics == {"perplexity": perplexity.perplexity(LOGS, TOKENS)}
    assert found.metrics["perplexity"].value == pytest.approx(10 ** (17.5 / 13))
    assert found.examples == 4
    assert found.numbers == {
        "words": 9.0,
        "share_of_unknown_words": pytest.approx(3 / 9),
        "bits_a_word": pytest.approx(np.log2(10 ** (17.5 / 13))),
    }
    assert found.details == {"samples": ["", "<unk> & 1 0"]}


def test_sentences_without_a_word_have_no_unknown_ones(answers):
    empty = replace(answers, tokens=np.ones(4, int), unknown=np.zeros(4, int))

    assert TASK.measure(empty, sentences()).numbers["share_of_unknown_words"] == 0


def test_what_is_kept_of_each_sentence_is_read_back_to_the_last_digit(answers, tmp_path):
    test = sentences()
    outcomes = TASK.outcomes(replace(answers, logs=LOGS / 3), test, test.schema)

    write_outcomes(outcomes, tmp_path / "outcomes.csv")

    found = read_outcomes(tmp_path / "outcomes.csv")
    assert sorted(map(float, found.answers["log10"])) == sorted((LOGS / 3).tolist())
    pairs = dict(zip(found.answers["log10"], found.truth["tokens"], strict=True))
    assert pairs[repr(float(LOGS[1] / 3))] == "5"
    assert TASK.value("perplexity", found) == perplexity.perplexity(
        np.array(found.answers["log10"], float), np.array(found.truth["tokens"], int)
    )


def test_the_difference_is_of_sentences_in_pairs(answers):
    test = sentences()
    worse = replace(answers, logs=LOGS - TOKENS * 0.1)
    ours, theirs = (TASK.outcomes(one, test, test.schema) for one in (worse, answers))

    found = TASK.difference("perplexity", ours, theirs)

    assert found.value == pytest.approx(10 ** (17.5 / 13 + 0.1) - 10 ** (17.5 / 13))
    assert found.low <= 0 <= found.high  # four sentences tell nothing
