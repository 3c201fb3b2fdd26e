"""How well sentences are predicted."""

from dataclasses import replace

import numpy as np
import pytest

from components.tasks.language_model import LanguageModel, measure, perplexity
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

    told = LOGS - [0, np.log10(2), 0, 2 * np.log10(2)]  # which of the two unknown words it was
    assert found.metrics == {
        "perplexity": perplexity.perplexity(LOGS, TOKENS),
        "adjusted_perplexity": perplexity.perplexity(told, TOKENS),
    }
    assert found.metrics["perplexity"].value == pytest.approx(10 ** (17.5 / 13))
    assert found.examples == 4
    assert found.numbers == {
        "words": 9,
        "share_of_unknown_words": pytest.approx(3 / 9),
        "bits_a_word": pytest.approx(np.log2(10 ** (17.5 / 13))),
    }
    assert isinstance(found.numbers["words"], int)
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
    tokens = np.array(found.truth["tokens"], int)
    for metric, column in (("perplexity", "log10"), ("adjusted_perplexity", "adjusted")):
        expected = perplexity.perplexity(np.array(found.answers[column], float), tokens)
        assert TASK.value(metric, found) == expected
    assert found.answers["adjusted"] != found.answers["log10"]


def test_the_difference_is_of_sentences_in_pairs(answers):
    test = sentences()
    plain = replace(answers, logs=LOGS)
    cost = plain.logs - plain.adjusted
    worse = replace(answers, logs=LOGS - TOKENS * 0.1, adjusted=LOGS - TOKENS * 0.1 - cost)
    ours, theirs = (TASK.outcomes(one, test, test.schema) for one in (worse, plain))

    found = TASK.difference("perplexity", ours, theirs)

    assert found.value == pytest.approx(10 ** (17.5 / 13 + 0.1) - 10 ** (17.5 / 13))
    assert found.low <= 0 <= found.high  # four sentences tell nothing


def test_models_of_one_vocabulary_compare_in_the_units_that_are_asked_for():
    random, test = np.random.default_rng(0), sentences()
    unknown = np.array([0, 1, 0, 2])
    said = [-random.uniform(3, 9, 4) for _ in range(2)]
    found = [
        TASK.outcomes(
            measure.Answers(logs, TOKENS, unknown, logs - unknown * np.log10(3), False, []),
            test,
            test.schema,
        )
        for logs in said
    ]

    for metric in ("perplexity", "adjusted_perplexity"):
        ours, theirs = (TASK.value(metric, one).value for one in found)
        assert TASK.compared(metric, *found).name == metric
        assert TASK.difference(metric, *found).value == pytest.approx(ours - theirs)


def test_models_of_two_vocabularies_compare_by_adjusted_perplexity(answers):
    test = sentences()
    known = replace(answers, adjusted=answers.logs)
    found = [TASK.outcomes(one, test, test.schema) for one in (answers, known)]

    ours, theirs = (TASK.value("adjusted_perplexity", one).value for one in found)
    assert TASK.compared("perplexity", *found).title == "adjusted perplexity"
    assert TASK.difference("perplexity", *found).value == pytest.approx(ours - theirs)


def test_a_model_that_knows_fewer_words_is_no_better_for_it():
    """Each gives the words of a text that it does not know what it gives `<unk>`, together."""
    random = np.random.default_rng(0)
    tokens = np.full(200, 11)
    every = np.full(200, -11 * np.log10(50.0))  # 50 words, all known, alike
    unknown = random.binomial(10, 0.5, 200)  # the same, where half of the words are one, <unk>
    half = (11 - unknown) * -np.log10(50.0) + unknown * np.log10(25 / 50)

    assert perplexity.perplexity(half, tokens).high < perplexity.perplexity(every, tokens).low
    told = perplexity.adjusted(half, unknown, kinds=25)
    assert told == pytest.approx(every)


def test_with_capitals_or_without_are_two_texts(answers):
    test = sentences()
    found = [
        TASK.outcomes(replace(answers, is_lower=one), test, test.schema) for one in (True, False)
    ]

    assert found[0].fingerprint != found[1].fingerprint
