"""Add-k smoothing."""

import math

import numpy as np

from components.fitting.counts.ngrams.backoff import Backoff
from components.fitting.counts.ngrams.counts import Counts
from components.fitting.counts.ngrams.logarithms import NEVER, Logs, log10
from components.fitting.counts.ngrams.vocabulary import BOS


def add_k(counts: Counts, words: tuple[str, ...], k: float = 1.0) -> Backoff:
    """The model `p(w | h) = (c(hw) + k) / (c(h) + k V)`, exactly.

    `h` is as long as the order allows, so shorter only where the sentence began with it; where it
    was not seen all words are equal. In back-off form: n-grams of the highest order, and shorter
    ones from `<s>` on, have that probability; all other n-grams and words have `1 / V`, and are
    there only so that a context which ends in them has a weight, `k V / (c(h) + k V)`. So the
    words that a context was not seen with come out equal. A shorter context inside a sentence,
    which the formula never asks for, has all words equal too.

    Args:
        counts: Of n-grams.
        words: The vocabulary, `V` words besides `<s>`.
        k: Added to each count, more than 0; 1 is Laplace's rule.

    Raises:
        ValueError: `k` is not a number above 0.

    References:
        Chen, Goodman, An Empirical Study of Smoothing Techniques for Language Modeling (1999),
        section 2.1.
    """
    if not 0 < k < np.inf:
        raise ValueError(f"k must be a number above 0, got {k}")
    trie, size = counts.trie, len(words) - 1
    uniform = -math.log10(size)
    logs: list[Logs] = []
    weights: list[Logs] = []
    for order, (seen, is_initial) in enumerate(
        zip(counts.counts, trie.is_initial(), strict=True), 1
    ):
        is_estimated = np.full(len(seen), True) if order == trie.order else is_initial
        prefixes = trie.prefixes[order - 1]
        predicted = np.where(np.arange(len(seen)) == BOS, 0, seen) if order == 1 else seen
        above = 1 if order == 1 else len(logs[-1])
        totals = np.bincount(prefixes, predicted, minlength=above) + k * size
        estimated = log10((predicted + k) / totals[prefixes])
        logs.append(np.where(is_estimated, estimated, uniform))
        if order > 1:
            has_weight = np.zeros(above, bool)
            has_weight[prefixes[is_estimated]] = True
            weights.append(np.where(has_weight, log10(k * size / totals), 0.0))
    logs[0][BOS] = NEVER
    return Backoff(words, trie, tuple(logs), tuple(weights))
