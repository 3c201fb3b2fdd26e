"""A back-off model that answers for raw texts."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from components.base.files import read_json
from components.data.dataset import Split
from components.fitting.counts.ngrams import arpa
from components.fitting.counts.ngrams.backoff import Backoff
from components.fitting.counts.ngrams.counts import Counts
from components.fitting.counts.ngrams.sampling import sample
from components.fitting.counts.ngrams.vocabulary import UNK, encode, ids_of
from components.fitting.counts.tokens import tokenize

TIMED = 200  # sentences, one at a time


@dataclass(frozen=True)
class Scores:
    """Of `n` texts."""

    logs: NDArray[np.float64]
    """Logarithms, to base 10, of their probabilities, `(n,)`."""
    tokens: NDArray[np.int64]
    """Words, and the end of each, `(n,)`."""
    unknown: NDArray[np.int64]
    """Words that the model does not know, `(n,)`."""
    kinds_of_unknown: int
    """How many different ones these are in all."""


class NgramPredictor:
    """Scores texts.

    Args:
        model: The probabilities.
        lower: Whether capitals count for nothing.
        path: Of its file.
    """

    def __init__(self, model: Backoff, lower: bool, path: Path) -> None:
        self.model, self.lower, self.path = model, lower, path
        self._ids = ids_of(model.words)

    def score(self, texts: Sequence[str]) -> Scores:
        """Scores texts as they come from the source."""
        sentences = [tokenize(one, self.lower) for one in texts]
        ids = encode(sentences, self._ids)
        logs, tokens = self.model.score_sentences(ids)
        unknown = np.array([(one == UNK).sum() for one in ids], np.int64)
        kinds = {one for one in chain.from_iterable(sentences) if self._ids.get(one, UNK) == UNK}
        return Scores(logs, tokens, unknown, len(kinds))

    def sample(self, count: int, seed: int) -> list[str]:
        """Sentences drawn from the model."""
        words = self.model.words
        return [" ".join(words[one] for one in each) for each in sample(self.model, count, seed)]

    def latency_ms(self, split: Split) -> float:
        """Median milliseconds of one text."""
        seconds = []
        for text in split.input[:TIMED]:
            start = time.perf_counter()
            self.score([text])
            seconds.append(time.perf_counter() - start)
        return 1000 * float(np.median(seconds))


def load(folder: Path) -> NgramPredictor:
    """The predictor of a trained model."""
    path = folder / "model.arpa"
    return NgramPredictor(arpa.read(path), read_json(folder / "tokens.json")["lower"], path)


def counts_of(predictor: NgramPredictor) -> Counts:
    """What a trained model was made of."""
    return Counts.load(predictor.path.with_name("counts.npz"))
