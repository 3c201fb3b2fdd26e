"""Words of texts."""

import pytest

from components.fitting.counts import pyfunc_code, tokens
from components.fitting.counts.tokens import tokenize


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He said: 'No!'", ["He", "said", ":", "'", "No", "!", "'"]),
        ("don't, don\u2019t", ["don't", ",", "don\u2019t"]),
        ("well-known  in\t1905", ["well", "-", "known", "in", "1905"]),
        ("\u00c9t\u00e9 \u8a9e", ["\u00c9t\u00e9", "\u8a9e"]),
        ("<unk> a", ["<", "unk", ">", "a"]),
        ("a\0b \0", ["a", "b"]),
        ("", []),
    ],
)
def test_words_are_letters_and_digits_and_each_other_sign_is_one(text, expected):
    assert tokenize(text, lower=False) == expected


def test_capitals_count_for_nothing_where_that_is_asked_for():
    assert tokenize("The SEA", lower=True) == ["the", "sea"]


def test_a_served_model_has_the_same_words():
    assert pyfunc_code.WORD.pattern == tokens.WORD.pattern
