"""Sentences drawn from a model."""

import numpy as np

from components.fitting.counts.ngrams.backoff import Backoff
from components.fitting.counts.ngrams.vocabulary import BOS, EOS


def sample(model: Backoff, count: int, seed: int, most: int = 50) -> list[list[int]]:
    """Draws sentences, word after word, each with its probability after those before it.

    Args:
        model: A model.
        count: How many sentences.
        seed: The same one draws the same sentences.
        most: Words after which a sentence is cut off.

    Returns:
        Ids of words, without `<s>` and `</s>`.
    """
    random = np.random.default_rng(seed)
    return [_drawn(model, random, most) for _ in range(count)]


def _drawn(model: Backoff, random: np.random.Generator, most: int) -> list[int]:
    words = [BOS]
    while len(words) <= most:
        sums = np.cumsum(model.distribution(words))
        # By the sum itself: it is 1 but for rounding, and a draw must not fall behind it.
        words.append(int(np.searchsorted(sums, random.random() * sums[-1], side="right")))
        if words[-1] == EOS:
            return words[1:-1]
    return words[1:]
