"""Count n-grams, and smooth them."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any

from components.base.files import replacing, write_json
from components.base.workers import Workers
from components.config.pipeline import Pipeline
from components.data.dataset import Split
from components.fitting.counts.ngrams import arpa
from components.fitting.counts.ngrams.addition import add_k
from components.fitting.counts.ngrams.backoff import Backoff
from components.fitting.counts.ngrams.counts import Counts, total
from components.fitting.counts.ngrams.katz import katz
from components.fitting.counts.ngrams.kneser_ney import kneser_ney
from components.fitting.counts.ngrams.vocabulary import encode, ids_of, vocabulary
from components.fitting.counts.tokens import tokenize
from components.fitting.data import Data
from components.fitting.predictor import describe
from components.fitting.watch import Watch, Work
from components.models.ngram import AddK, GoodTuring, Ngram, Smoothing

HOME = "components.fitting.counts"
PART = 20_000  # sentences that one worker counts at a time
LOOKED_AT = 10_000  # training sentences whose loss is told

Part = tuple[list[str], tuple[str, ...], int, bool]


@dataclass(frozen=True)
class Fitted:
    """A back-off model, and the counts that it is made of."""

    model: Backoff
    counts: Counts
    lower: bool
    history: dict[str, list[float]]
    """One value each: the mean cross-entropy of a word, in nats."""
    best: int = 0

    @property
    def numbers(self) -> dict[str, Any]:
        """What is known of its size."""
        sizes = enumerate(self.model.log_probabilities, 1)
        return {"words": len(self.model.words), **{f"{n}-grams": len(one) for n, one in sizes}}

    def save(self, folder: Path) -> None:
        """Saves the ARPA file, the counts, and how texts become words."""
        with replacing(folder / "model.arpa") as beside:
            arpa.write(self.model, beside)
        with replacing(folder / "counts.npz") as beside:
            self.counts.save(beside)
        write_json({"lower": self.lower}, folder / "tokens.json")
        describe(HOME, folder)


def fit(file: Pipeline, data: Data, seed: int, watch: Watch) -> Fitted:
    """Counts the n-grams of the train split, and smooths them.

    Args:
        file: Of what order, and how.
        data: Sentences.
        seed: Not needed: nothing is drawn.
        watch: Is told of it, as of one epoch.
    """
    section = file.model
    assert isinstance(section, Ngram)  # noqa: S101  the check has seen to it
    watch.begin(Work(1, 1, len(data.train)))
    texts = list(data.train.input)
    words = vocabulary((tokenize(one, section.lower) for one in texts), section.least_count)
    counts = counted(texts, words, section, data.dask)
    model = smoothed(counts, words, section.smoothing)
    history = {
        "loss": [_loss(model, data.train, section.lower)],
        "val_loss": [_loss(model, data.validation, section.lower)],
    }
    watch.epoch(0, {name: values[0] for name, values in history.items()})
    watch.end()
    return Fitted(model, counts, section.lower, history)


def counted(
    texts: Sequence[str], words: tuple[str, ...], section: Ngram, dask: str | None
) -> Counts:
    """The counts of texts, part by part; wherever that is, the same come out."""
    starts = range(0, len(texts), PART)
    parts = [(list(texts[at : at + PART]), words, section.order, section.lower) for at in starts]
    with Workers(dask) as workers:
        return total(workers.map(_counted, parts, "counting"), len(words), section.order)


def _counted(part: Part) -> Any:
    texts, words, order, lower = part
    counts = Counts(len(words), order)
    counts.update(encode((tokenize(one, lower) for one in texts), ids_of(words)))
    return counts.partial_state()


def smoothed(counts: Counts, words: tuple[str, ...], smoothing: Smoothing) -> Backoff:
    """The model that a section asks for."""
    match smoothing.chosen:
        case AddK(k=k):
            return add_k(counts, words, k)
        case GoodTuring(reliable=reliable):
            return katz(counts, words, reliable)
    return kneser_ney(counts, words, smoothing.chosen.discount)


def _loss(model: Backoff, split: Split, lower: bool) -> float:
    texts = (tokenize(one, lower) for one in split.input[:LOOKED_AT])
    logs, tokens = model.score_sentences(encode(texts, ids_of(model.words)))
    return float(-logs.sum() * log(10) / max(1, tokens.sum()))
