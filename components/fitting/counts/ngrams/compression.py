"""Back-off models made smaller: without rare n-grams, and with numbers of 8 bits."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.fitting.counts.ngrams.backoff import Backoff, renormalized
from components.fitting.counts.ngrams.counts import Counts
from components.fitting.counts.ngrams.logarithms import Logs
from components.fitting.counts.ngrams.trie import Trie

BINS = 256  # as many as a byte tells apart


def prune(model: Backoff, counts: Counts, least: Sequence[int]) -> Backoff:
    """Drops n-grams that were seen too seldom.

    Probabilities of the others stay, and weights are computed anew, so that distributions sum to 1.

    Args:
        model: Made of `counts`.
        counts: Of n-grams.
        least: For orders 2, 3, …: the smallest count that stays, not falling with the order.
            So the prefix and the suffix of what stays do too.

    Raises:
        ValueError: Not as many numbers as orders, or a falling one; or other counts.

    References:
        Chen, Goodman, An Empirical Study of Smoothing Techniques for Language Modeling (1999),
        section 5.1.4 (count cut-offs).
    """
    if len(least) != model.order - 1 or list(least) != sorted(least):
        raise ValueError(
            f"Expected {model.order - 1} smallest counts, none below the one before it; "
            f"got {list(least)}"
        )
    if [len(one) for one in counts.counts] != [len(one) for one in model.log_probabilities]:
        raise ValueError("These are not the counts that the model was made of")
    keys: list[NDArray[np.int64]] = []
    logs = [model.log_probabilities[0]]
    moved = np.arange(counts.size)
    for order, low in enumerate(least, 2):
        kept = np.flatnonzero(counts.counts[order - 1] >= low)
        prefixes = moved[counts.trie.prefixes[order - 1][kept]]
        keys.append(prefixes * counts.size + counts.trie.words[order - 1][kept])
        logs.append(model.log_probabilities[order - 1][kept])
        moved = np.full(len(counts.counts[order - 1]), -1)
        moved[kept] = np.arange(len(kept))
    return renormalized(model.words, Trie(counts.size, keys), logs)


def quantize(model: Backoff, bins: int = BINS) -> Backoff:
    """Gives the probabilities of each order few values, and weights that make up for it.

    Each becomes the lowest of its bin, so that those of a context stay below 1; then the weights
    are computed anew, and distributions sum to 1. The weights keep all their digits. A context that
    every word follows has no use for its weight, so that its n-grams stay as they are.

    Args:
        model: A model; each n-gram has its suffix.
        bins: Values of the other probabilities of each order above 1.
    """
    logs, trie = [model.log_probabilities[0]], model.trie
    for order, values in enumerate(model.log_probabilities[1:], 2):
        is_full = trie.followed(order - 1) == len(model.words) - 1
        is_lowered = ~is_full[trie.prefixes[order - 1]]
        logs.append(values.copy())
        logs[-1][is_lowered] = _lowest(values[is_lowered], bins)
    return renormalized(model.words, trie, logs)


def _binned(values: Logs, bins: int) -> tuple[Logs, NDArray[np.int64], NDArray[np.int64]]:
    """The different values, ascending, the bin of each, and where each of all is among them."""
    found, inverse, many = np.unique(values, return_inverse=True, return_counts=True)
    if len(found) <= bins:
        return found, np.arange(len(found)), inverse
    # By the middle rank: a value that fills several bins, as weight 1 does, has one for itself.
    middles = np.cumsum(many) - many / 2
    return found, (middles * bins // len(values)).astype(np.int64), inverse


def _lowest(values: Logs, bins: int) -> Logs:
    """Values, `(n,)`, as the lowest of their bins."""
    found, chosen, inverse = _binned(values, bins)
    return np.asarray(found[np.searchsorted(chosen, chosen)][inverse])


def save_compact(model: Backoff, path: Path) -> None:
    """Writes a model as an `.npz` file; equal models give equal bytes.

    Of an n-gram it has the last word and how many n-grams go on from it, in as few bytes as the
    largest number needs, and probability and weight: a byte each where they have at most 256
    values in their order, else eight.
    """
    text = "\n".join(model.words).encode()
    arrays: dict[str, NDArray[Any]] = {
        "words": np.frombuffer(text, np.uint8),
        "log_probabilities_1": model.log_probabilities[0],
    }
    for order in range(2, model.order + 1):
        arrays[f"children_{order - 1}"] = _narrow(model.trie.followed(order - 1))
        arrays[f"words_{order}"] = _narrow(model.trie.words[order - 1])
        for name, values in (
            (f"log_probabilities_{order}", model.log_probabilities[order - 1]),
            (f"log_weights_{order - 1}", model.log_weights[order - 2]),
        ):
            means, codes = np.unique(values, return_inverse=True)
            arrays[name] = values
            if len(means) <= BINS:
                arrays |= {f"{name}_values": means, name: codes.astype(np.uint8)}
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load_compact(path: Path) -> Backoff:
    """Reads what `save_compact` wrote: the same model."""
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    words = tuple(arrays["words"].tobytes().decode().split("\n"))
    logs, weights, keys = [arrays["log_probabilities_1"]], [], []
    order = 2
    while f"words_{order}" in arrays:
        many = arrays[f"children_{order - 1}"]
        prefixes = np.repeat(np.arange(len(many)), many)
        keys.append(prefixes * len(words) + arrays[f"words_{order}"])
        logs.append(_looked_up(arrays, f"log_probabilities_{order}"))
        weights.append(_looked_up(arrays, f"log_weights_{order - 1}"))
        order += 1
    return Backoff(words, Trie(len(words), keys), tuple(logs), tuple(weights))


def _looked_up(arrays: dict[str, NDArray[Any]], name: str) -> Logs:
    values = arrays.get(f"{name}_values")
    return arrays[name] if values is None else np.asarray(values[arrays[name]])


def _narrow(values: NDArray[np.int64]) -> NDArray[Any]:
    """Whole numbers, 0 or more, in the smallest type that holds them."""
    return values.astype(np.min_scalar_type(int(values.max(initial=0))))
