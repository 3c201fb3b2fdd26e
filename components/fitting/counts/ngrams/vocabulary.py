"""Words as ids, and sentences of ids as one array."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

UNK, BOS, EOS = 0, 1, 2
SPECIAL = ("<unk>", "<s>", "</s>")

Ids = NDArray[np.int64]

Sentences = Sequence[Sequence[int] | NDArray[Any]]
"""Ids of words, without `<s>` and `</s>`."""


def vocabulary(sentences: Iterable[Sequence[str]], least_count: int = 1) -> tuple[str, ...]:
    """The words of sentences, `<unk>`, `<s>` and `</s>` before them; a word's place is its id.

    Args:
        sentences: Words.
        least_count: Words that occur less often are left out, and so unknown.

    Returns:
        The others from the most frequent on, words of one frequency by their code points.
    """
    counted = Counter(chain.from_iterable(sentences))
    kept = [one for one, n in counted.items() if n >= least_count and one not in SPECIAL]
    return (*SPECIAL, *sorted(kept, key=lambda one: (-counted[one], one)))


def ids_of(words: Sequence[str]) -> dict[str, int]:
    """The id of each word; inside a sentence, the texts `<s>` and `</s>` are unknown."""
    return {word: place for place, word in enumerate(words)} | dict.fromkeys(SPECIAL, UNK)


def encode(sentences: Iterable[Sequence[str]], ids: Mapping[str, int]) -> list[Ids]:
    """Words as ids, `(length,)` int64 for each sentence; one that is not known is `<unk>`."""
    return [np.array([ids.get(one, UNK) for one in each], np.int64) for each in sentences]


def padded(sentences: Sentences, size: int) -> tuple[Ids, Ids]:
    """All sentences in one row, each from `<s>` to `</s>`.

    One `<s>` however high the order, as ARPA files have it: the first n-grams are shorter ones.

    Args:
        sentences: Ids of words, each in `[0, size)`, none of them `<s>` or `</s>`.
        size: Words in the vocabulary.

    Returns:
        Ids and their places in their sentences, both `(tokens,)` int64; `<s>` has place 0.

    Raises:
        ValueError: An id is no word of the vocabulary.
    """
    lengths = np.fromiter(map(len, sentences), np.int64, len(sentences)) + 2
    ends = np.cumsum(lengths)
    ages = np.arange(lengths.sum()) - np.repeat(ends - lengths, lengths)
    tokens = np.full(len(ages), -1, np.int64)
    tokens[ends - lengths] = BOS
    tokens[ends - 1] = EOS
    words = np.fromiter(chain.from_iterable(sentences), np.int64, len(ages) - 2 * len(lengths))
    is_wrong = (words < 0) | (words >= size) | (words == BOS) | (words == EOS)
    if is_wrong.any():
        raise ValueError(f"{words[is_wrong][0]} is the id of no word of a vocabulary of {size}")
    tokens[tokens < 0] = words
    return tokens, ages
