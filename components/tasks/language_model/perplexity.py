"""Perplexity of sentences, and whether one model's is lower than another's by more than chance."""

from math import inf

import numpy as np
from numpy.typing import NDArray

from components.tasks.chance import reach, summed, unless_chance
from components.tasks.interval import Interval

Logs = NDArray[np.float64]
Lengths = NDArray[np.int64]


def perplexity(logs: Logs, tokens: Lengths) -> Interval:
    """`10 ** -(sum of logs / sum of tokens)`.

    Of logarithms as they are, only models of one vocabulary compare: with fewer words known, more
    are `<unk>`, which is easy to predict. Of `adjusted` ones others do too.

    Args:
        logs: Logarithms, to base 10, of the probabilities of sentences, `(n,)`.
        tokens: How many tokens each has, `</s>` among them, `(n,)`.

    Returns:
        Sentences are the unit, since words of one sentence are no independent draws: the interval
        is a jackknife's of the mean log probability per token, a ratio, with Student's t. One
        sentence alone tells no more than that perplexity is at least 1.

    Raises:
        ValueError: No sentence.

    References:
        Jelinek et al., Perplexity (1977); Efron, Stein, The Jackknife Estimate of Variance (1981);
        Cochran, Sampling Techniques (1977), sections 6.3 and 6.17, for ratios.
    """
    _check(logs, tokens)
    value = _perplexity(logs.sum(), tokens.sum())
    if len(logs) == 1:
        return Interval(value, 1, inf)
    rates = (logs.sum() - logs) / (tokens.sum() - tokens)
    half = reach(rates)
    return Interval(value, max(1.0, value * _power(-half)), value * _power(half))


def adjusted(logs: Logs, unknown: Lengths, kinds: int) -> Logs:
    """Logarithms of the probabilities of sentences whose unknown words are told from each other.

    What a model gives `<unk>` is dealt evenly to the different words of the text that it does not
    know, so that knowing few words is no advantage.

    Args:
        logs: To base 10, with `<unk>` for every unknown word, `(n,)`.
        unknown: How many of the words of each sentence are unknown, `(n,)`.
        kinds: How many different ones there are in all.

    References:
        Ueberla, Analysing a Simple Language Model: Some General Conclusions for Language Models
        for Speech Recognition (1994), "adjusted perplexity".
    """
    return np.asarray(logs - unknown * np.log10(max(1, kinds)), np.float64)


def difference(ours: Logs, theirs: Logs, tokens: Lengths) -> Interval:
    """How much higher the perplexity of one model is than another's on the same sentences.

    Args:
        ours: Logarithms, to base 10, of the probabilities one model gives sentences, `(n,)`.
        theirs: Those the other gives.
        tokens: How many tokens each has, `(n,)`; of the same vocabulary.

    Returns:
        An interval, a jackknife's, without 0 only where, besides, a test finds that two models of
        equal worth would seldom differ as much: one that exchanges at random which model said
        what of a sentence.

    Raises:
        ValueError: No sentence.

    References:
        See `components.tasks.chance`.
    """
    _check(ours, tokens)
    _check(theirs, tokens)
    total = tokens.sum()
    value = _perplexity(ours.sum(), total) - _perplexity(theirs.sum(), total)
    if len(tokens) == 1:
        return Interval(value, -inf, inf)
    rest = total - tokens
    our_rest, their_rest = (10 ** -((one.sum() - one) / rest) for one in (ours, theirs))
    half = reach(our_rest - their_rest)
    found = Interval(value, value - half, value + half)
    # The tokens stay, and so does the sum of both models' logarithms: so perplexities differ as
    # much where the sums do.
    return unless_chance(found, lambda: summed(ours - theirs))


def _check(logs: Logs, tokens: Lengths) -> None:
    if len(tokens) == 0:
        raise ValueError("Perplexity needs 1 sentence or more, got 0")
    if logs.shape != tokens.shape:
        raise ValueError(f"{len(logs)} log probabilities do not fit {len(tokens)} sentences")


def _perplexity(logs: float, tokens: float) -> float:
    return _power(-(logs / tokens))


def _power(exponent: float) -> float:
    """10 to it; infinite where that is larger than any float."""
    with np.errstate(over="ignore", under="ignore"):
        return float(np.power(10.0, exponent))
