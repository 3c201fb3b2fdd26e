"""Interpolated Kneser-Ney smoothing."""

from collections.abc import Sequence

import numpy as np

from components.fitting.counts.ngrams.backoff import Backoff
from components.fitting.counts.ngrams.counts import Counts
from components.fitting.counts.ngrams.logarithms import NEVER, Logs, log10
from components.fitting.counts.ngrams.trie import Positions
from components.fitting.counts.ngrams.vocabulary import BOS

FALLBACK = 0.5  # where counts of counts tell nothing; as KenLM's `--discount_fallback` has it for 1


def kneser_ney(
    counts: Counts, words: tuple[str, ...], discount: float | Sequence[float] | None = None
) -> Backoff:
    """The model `p(w | h) = max(a(hw) - D, 0) / a(h) + D N(h) / a(h) p(w | h')`.

    `a` is the count at the highest order, below it the number of different words before the
    n-gram; of an n-gram that begins with `<s>`, which nothing precedes, the count again. `N(h)` is
    the number of different words after `h`. Words are interpolated with the uniform distribution,
    so that `<unk>` and words never seen have a probability. Interpolation as a back-off model:
    the n-gram has the whole sum, the context the weight `D N(h) / a(h)`.

    Args:
        counts: Of n-grams.
        words: The vocabulary.
        discount: `D` of all orders, or of each from 1 on; above 0 and at most 1. None estimates
            `n1 / (n1 + 2 n2)` of each order, `n1` and `n2` being how many of its n-grams have `a`
            of 1 and 2; where one of these is 0, `D` is 0.5.

    Raises:
        ValueError: A discount outside, or not one for each order; or nothing was counted.

    References:
        Chen, Goodman, An Empirical Study of Smoothing Techniques for Language Modeling (1999),
        section 2.7 and equations 17 and 26; Ney, Essen, Kneser (1994) for `D`; Heafield et al.,
        Scalable Modified Kneser-Ney Language Model Estimation (2013), section 3, for `<s>`.
    """
    if counts.counts[0].sum() == 0:
        raise ValueError("No sentence was counted")
    trie, adjusted = counts.trie, continuations(counts)
    lower, above = np.full(1, 1 / (len(words) - 1)), 1
    logs: list[Logs] = []
    weights: list[Logs] = []
    suffixes = [np.zeros(len(words), np.int64), *trie.suffixes()]
    for order, (seen, used) in enumerate(
        zip(adjusted, discounts_of(adjusted, discount), strict=True), 1
    ):
        prefixes = trie.prefixes[order - 1]
        totals = np.bincount(prefixes, seen, minlength=above)
        kinds = np.bincount(prefixes, seen > 0, minlength=above)
        left = np.where(totals > 0, used * kinds, 1) / np.maximum(totals, 1)
        own = np.maximum(seen - used, 0) / np.maximum(totals, 1)[prefixes]
        lower = own + left[prefixes] * lower[suffixes[order - 1]]
        logs.append(log10(np.minimum(lower, 1)))
        if order > 1:
            weights.append(log10(left))
        above = len(seen)
    logs[0][BOS] = NEVER
    return Backoff(words, trie, tuple(logs), tuple(weights))


def continuations(counts: Counts) -> list[Positions]:
    """For each order, `a` of each n-gram, `(n,)`; of `<s>` as a word 0, since nothing predicts it.

    See `kneser_ney`.
    """
    trie, found = counts.trie, []
    for seen, suffixes, is_initial in zip(
        counts.counts, trie.suffixes(), trie.is_initial(), strict=False
    ):
        found.append(np.where(is_initial, seen, np.bincount(suffixes, minlength=len(seen))))
    found.append(counts.counts[-1])
    found[0] = np.where(np.arange(counts.size) == BOS, 0, found[0])
    return found


def discounts_of(
    adjusted: Sequence[Positions], discount: float | Sequence[float] | None
) -> list[float]:
    """`D` of each order, given or estimated from `a` of its n-grams.

    Raises:
        ValueError: See `kneser_ney`.
    """
    if discount is None:
        return [_estimated(one) for one in adjusted]
    many = [discount] * len(adjusted) if isinstance(discount, int | float) else list(discount)
    if len(many) != len(adjusted) or not all(0 < one <= 1 for one in many):
        raise ValueError(
            f"A discount must be above 0 and at most 1, one or {len(adjusted)} of them; "
            f"got {discount}"
        )
    return many


def _estimated(adjusted: Positions) -> float:
    once, twice = (int((adjusted == one).sum()) for one in (1, 2))
    return once / (once + 2 * twice) if once and twice else FALLBACK
