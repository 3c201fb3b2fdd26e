"""A back-off model, in the form of an ARPA file: whatever the smoothing, one way to evaluate it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.fitting.counts.ngrams.logarithms import Logs, exp10, log10
from components.fitting.counts.ngrams.trie import Positions, Trie
from components.fitting.counts.ngrams.vocabulary import BOS, Ids, Sentences, padded


@dataclass(frozen=True)
class Backoff:
    """Probabilities of n-grams, and weights of contexts for words that do not follow them there.

    `p(w | h)` is that of the n-gram `hw` where the model has it; else the weight of `h` (1 where
    the model has no `h`) times `p(w | h')`, `h'` being `h` without its first word.

    Args:
        words: The vocabulary; a word's place is its id.
        trie: The n-grams.
        log_probabilities: Of each order, `(n,)` float64.
        log_weights: Of each order but the highest, `(n,)` float64.

    References:
        Katz, Estimation of Probabilities from Sparse Data (1987), equations 12 to 16.
    """

    words: tuple[str, ...]
    trie: Trie
    log_probabilities: tuple[Logs, ...]
    log_weights: tuple[Logs, ...]

    @property
    def order(self) -> int:
        """The highest."""
        return self.trie.order

    def score(self, contexts: Ids, tokens: Ids) -> Logs:
        """Probabilities of tokens after contexts.

        Args:
            contexts: `(n, length)` ids; -1 on the left where a context is shorter. `<s>` counts as
                a word only where it is given.
            tokens: `(n,)` ids.

        Returns:
            `(n,)` float64.
        """
        rows = np.concatenate([contexts, tokens[:, None]], axis=1)[:, -self.order :]
        ages = np.tile(np.arange(rows.shape[1]), len(rows))
        return self._score(rows.ravel(), ages).reshape(rows.shape)[:, -1]

    def score_tokens(self, sentences: Sentences) -> tuple[Logs, Ids]:
        """Probabilities of all tokens of sentences, `</s>` at the end of each.

        Returns:
            `(tokens,)` float64, and how many tokens each sentence has, `(n,)` int64.
        """
        tokens, ages = padded(sentences, len(self.words))
        lengths = np.fromiter(map(len, sentences), np.int64, len(sentences)) + 1
        return self._score(tokens, ages)[ages > 0], lengths

    def score_sentences(self, sentences: Sentences) -> tuple[Logs, Ids]:
        """Probabilities of sentences, `(n,)` float64, and their tokens, `(n,)` int64."""
        scores, lengths = self.score_tokens(sentences)
        starts = np.cumsum(lengths) - lengths
        return np.add.reduceat(scores, starts) if len(starts) else np.zeros(0), lengths

    def distribution(self, context: Sequence[int]) -> NDArray[np.float64]:
        """Probabilities (no logarithms) of each word after a context, `(size,)`; of `<s>` 0."""
        found = 10 ** self.log_probabilities[0]
        found[BOS] = 0
        given = np.array(context, np.int64)[len(context) - min(len(context), self.order - 1) :]
        for length in range(1, len(given) + 1):
            place = self._place(given[-length:])
            if place >= 0:
                # The n-grams of a context lie side by side.
                low, high = np.searchsorted(self.trie.prefixes[length], [place, place + 1])
                found *= 10 ** self.log_weights[length - 1][place]
                found[self.trie.words[length][low:high]] = (
                    10 ** self.log_probabilities[length][low:high]
                )
        return found

    def _place(self, ngram: Ids) -> int:
        """Where the model has an n-gram, or -1."""
        place = ngram[:1]
        for order in range(2, len(ngram) + 1):
            place = self.trie.child(order, place, ngram[order - 1 : order])
        return int(place[0])

    def _score(self, tokens: Ids, ages: Ids) -> Logs:
        """Of each token after those before it, as many as its age; -1 is no word."""
        scores, places = self.log_probabilities[0][tokens], tokens
        for order in range(2, self.order + 1):
            contexts = np.where(ages >= order - 1, np.roll(places, 1), -1)
            places = self.trie.child(order, contexts, tokens)
            weights = _taken(self.log_weights[order - 2], contexts, np.zeros(len(tokens)))
            scores = _taken(self.log_probabilities[order - 1], places, scores + weights)
        return scores


def renormalized(words: tuple[str, ...], trie: Trie, log_probabilities: Sequence[Logs]) -> Backoff:
    """A model of these probabilities whose weights make each distribution sum to 1.

    But for rounding: to some 1e-16 times the largest weight, which 1 minus a sum loses.

    Args:
        words: The vocabulary.
        trie: N-grams, each with its suffix.
        log_probabilities: Of each order, `(n,)`; those of a context sum to less than 1, or to 1
            where all words follow it.

    Raises:
        ValueError: An n-gram's suffix is missing.
    """
    weights: list[Logs] = []
    for order, suffixes in enumerate(trie.suffixes(), 2):
        if (suffixes < 0).any():
            raise ValueError(f"The suffix of an n-gram of order {order} is missing")
        longer, shorter = (exp10(log_probabilities[one]) for one in (order - 1, order - 2))
        prefixes, count = trie.prefixes[order - 1], len(log_probabilities[order - 2])
        left = 1 - np.bincount(prefixes, longer, minlength=count)
        below = 1 - np.bincount(prefixes, shorter[suffixes], minlength=count)
        children = trie.followed(order - 1)
        is_open = (children > 0) & (children < len(words) - 1)
        ratio = np.where(is_open, left, 1) / np.where(is_open, below, 1)
        weights.append(log10(ratio))
    return Backoff(words, trie, tuple(log_probabilities), tuple(weights))


def _taken(values: Logs, places: Positions, otherwise: Logs) -> Logs:
    """Values at places, `(n,)`, and others where the place is -1."""
    return np.where(places >= 0, values[places], otherwise) if len(values) else otherwise
