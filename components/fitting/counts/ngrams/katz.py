"""Good-Turing discounting with Katz's back-off."""

import numpy as np
from numpy.typing import NDArray

from components.fitting.counts.ngrams.backoff import Backoff, renormalized
from components.fitting.counts.ngrams.counts import Counts
from components.fitting.counts.ngrams.logarithms import log10
from components.fitting.counts.ngrams.trie import Positions
from components.fitting.counts.ngrams.vocabulary import BOS

RELIABLE = 5  # Katz's k: counts above it are not discounted
ABSOLUTE = 0.5  # taken off each count where counts of counts tell nothing


def katz(counts: Counts, words: tuple[str, ...], reliable: int = RELIABLE) -> Backoff:
    """The model `p(w | h) = d(r) r / c(h)` for a count `r = c(hw) > 0`, else `weight(h) p(w | h')`.

    `d` is of each order, see `discounts`. Where all counts of a context are above `reliable`,
    nothing would be left for other words: its sum counts one more, as SRILM does it. Words not
    seen share what is left at order 1 equally; where all were seen, nothing is taken off there.

    Args:
        counts: Of n-grams.
        words: The vocabulary.
        reliable: The largest count that is discounted, 1 or more.

    Raises:
        ValueError: `reliable` is no such number, or nothing was counted.

    References:
        Katz, Estimation of Probabilities from Sparse Data for the Language Model Component of a
        Speech Recognizer (1987), equations 12 to 22; Chen, Goodman, An Empirical Study (1999),
        section 2.4. For the context without a rest: SRILM's manual, ngram-discount(7).
    """
    if reliable < 1:
        raise ValueError(f"reliable must be 1 or more, got {reliable}")
    if counts.counts[0].sum() == 0:
        raise ValueError("No sentence was counted")
    shares: list[NDArray[np.float64]] = []
    for order, seen in enumerate(counts.counts, 1):
        predicted = np.where(np.arange(len(seen)) == BOS, 0, seen) if order == 1 else seen
        above = 1 if order == 1 else len(shares[-1])
        prefixes = counts.trie.prefixes[order - 1]
        discounted = discounts(predicted, reliable)[predicted] * predicted
        shares.append(_shares(predicted, discounted, prefixes, above, len(words) - 1))
    shares[0] = _words(shares[0])
    return renormalized(words, counts.trie, [log10(one) for one in shares])


def discounts(counts: Positions, reliable: int) -> NDArray[np.float64]:
    """Good-Turing's factors of counts, by Katz.

    `d(r) = (r* / r - a) / (1 - a)` with `r* = (r + 1) n(r + 1) / n(r)`,
    `a = (k + 1) n(k + 1) / n(1)`, and 1 above `k`, `n(r)` being how many n-grams occur `r` times.
    A factor outside of 0 to 1 is no discount (in small or cut texts some `n(r)` is 0, or they do
    not fall). Then the largest smaller `k` whose factors are all good is taken, and where there is
    none, `d(r) = (r - 0.5) / r` of all counts: absolute discounting.

    Args:
        counts: Of n-grams, `(n,)`.
        reliable: Katz's `k`.

    Returns:
        `(largest count + 1,)`; `d(0)` is 0.

    References:
        Katz (1987), equations 19 to 22; Ney, Essen, Kneser, On Structuring Probabilistic
        Dependences in Stochastic Language Modelling (1994), section 3, for the other.
    """
    largest = int(counts.max(initial=0))
    many = np.bincount(counts, minlength=reliable + 2).astype(np.float64)
    for last in range(reliable, 0, -1):
        if (many[1 : last + 2] == 0).any():
            continue
        counted = np.arange(1, last + 1)
        ratios = (counted + 1) * many[2 : last + 2] / many[1 : last + 1] / counted
        common = (last + 1) * many[last + 1] / many[1]
        if common < 1 and (ratios > common).all() and (ratios < 1).all():
            found = np.ones(max(largest, last) + 1)
            found[0] = 0
            found[1 : last + 1] = (ratios - common) / (1 - common)
            return found
    every = np.arange(largest + 1)
    return np.asarray(np.maximum(every - ABSOLUTE, 0) / np.maximum(every, 1))


def _shares(
    counts: Positions,
    discounted: NDArray[np.float64],
    prefixes: Positions,
    above: int,
    size: int,
) -> NDArray[np.float64]:
    """The discounted shares of counts in their contexts."""
    totals = np.bincount(prefixes, counts, minlength=above)
    lost = np.bincount(prefixes, counts - discounted, minlength=above)
    is_whole = np.bincount(prefixes, counts > 0, minlength=above) == size
    # All words follow: there is nobody to leave anything to.
    kept = np.where(is_whole[prefixes], counts, discounted)
    totals += (lost == 0) & ~is_whole
    return np.asarray(kept / np.maximum(totals, 1)[prefixes])


def _words(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares of words; those not seen have equal parts of what the others leave."""
    is_unseen = (shares == 0) & (np.arange(len(shares)) != BOS)
    return np.where(is_unseen, (1 - shares.sum()) / max(1, is_unseen.sum()), shares)
