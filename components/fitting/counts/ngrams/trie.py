"""N-grams as sorted numbers: a trie without pointers."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from components.fitting.counts.ngrams.vocabulary import BOS

Positions = NDArray[np.int64]
"""Places of n-grams among those of their order, or -1."""


class Trie:
    """N-grams of all orders up to the highest; each one's prefix is there too.

    An n-gram of order 2 or more is one number: the place of its prefix among the shorter ones,
    times the vocabulary's size, plus its last word. So it fits into 64 bits whatever the order,
    ascending numbers are n-grams in order, and those of one context lie side by side. All words
    of the vocabulary are there as unigrams, each in the place of its id.

    Args:
        size: Words in the vocabulary.
        keys: Of orders 2, 3, …: the numbers, `(n,)` int64, ascending.

    References:
        Without pointers, as in Heafield, KenLM: Faster and Smaller Language Model Queries (2011),
        section 3.2, but found by bisection.
    """

    def __init__(self, size: int, keys: Sequence[Positions]) -> None:
        self.size = size
        self.keys = tuple(keys)
        self.prefixes = (np.zeros(size, np.int64), *(one // size for one in keys))
        """Place of each n-gram's prefix, a row an order; of a word it is 0, the empty one."""
        self.words = (np.arange(size), *(one % size for one in keys))
        """Each n-gram's last word, a row an order."""

    @property
    def order(self) -> int:
        """The highest."""
        return len(self.words)

    def child(self, order: int, prefixes: Positions, words: Positions) -> Positions:
        """Places of n-grams of an order, 2 or more, from their prefixes and words, each `(n,)`.

        Returns:
            `(n,)` int64; -1 where there is none, or the prefix or the word is -1.
        """
        keys = self.keys[order - 2]
        if len(keys) == 0:
            return np.full(len(words), -1)
        wanted = np.where((prefixes < 0) | (words < 0), -1, prefixes * self.size + words)
        places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[places] == wanted, places, -1)

    def followed(self, order: int) -> Positions:
        """By how many words each n-gram of an order is followed, `(n,)`; `<s>` follows nothing."""
        return np.bincount(self.prefixes[order], minlength=len(self.words[order - 1]))

    def suffixes(self) -> list[Positions]:
        """For orders 2, 3, …: each n-gram's place without its first word, `(n,)`, or -1."""
        found = [self.words[1]] if self.order > 1 else []
        for order in range(3, self.order + 1):
            prefixes = found[-1][self.prefixes[order - 1]]
            found.append(self.child(order - 1, prefixes, self.words[order - 1]))
        return found

    def is_initial(self) -> list[NDArray[np.bool_]]:
        """For each order: whether an n-gram begins with `<s>`, `(n,)`."""
        found = [np.arange(self.size) == BOS]
        for prefixes in self.prefixes[1:]:
            found.append(found[-1][prefixes])
        return found

    def ngrams(self, order: int) -> Positions:
        """The n-grams of an order as ids of words, `(n, order)`."""
        words, places = [self.words[order - 1]], self.prefixes[order - 1]
        for shorter in range(order - 1, 0, -1):
            words.append(self.words[shorter - 1][places])
            places = self.prefixes[shorter - 1][places]
        return np.stack(words[::-1], axis=1)


def united(one: Trie, other: Trie) -> tuple[Trie, list[Positions], list[Positions]]:
    """A trie of the n-grams of either, and where those of each are in it, a row an order."""
    keys: list[Positions] = []
    ours, theirs = [np.arange(one.size)], [np.arange(one.size)]
    for order in range(2, one.order + 1):
        moved = [
            places[-1][trie.prefixes[order - 1]] * trie.size + trie.words[order - 1]
            for trie, places in ((one, ours), (other, theirs))
        ]
        keys.append(np.union1d(*moved))
        ours.append(np.searchsorted(keys[-1], moved[0]))
        theirs.append(np.searchsorted(keys[-1], moved[1]))
    return Trie(one.size, keys), ours, theirs
