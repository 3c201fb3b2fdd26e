"""A pipeline file of a language model, and sentences."""

from pathlib import Path
from typing import Any

import numpy as np

from components.config.pipeline import Pipeline
from components.data.dataset import Split
from components.data.features.text import Text
from components.data.rows import Values
from components.data.schema import Schema
from components.fitting.counts.fit import Fitted, fit
from components.fitting.counts.predictor import NgramPredictor, load
from components.fitting.data import Data
from components.fitting.watch import Watch

SCHEMA = Schema({"text": Text()})
SECTIONS: dict[str, Any] = {
    "version": 1,
    "description": "sentences",
    "task": "language_model",
    "ingest": {"source": "text", "file": "*.txt"},
    "model": {"architecture": "ngram"},
    "register": {"name": "prose"},
}
WHO = ("the captain", "a sailor", "my aunt", "the old doctor", "Mary", "nobody")
DOES = ("saw", "wouldn't leave", "praised", "carried", "forgot")
WHAT = ("the ship", "a letter", "his hat", "the Sea", "an umbrella", "the house")
THEN = ("", " at night", " again", ", of course", " before noon")


def pipeline(**model: Any) -> Pipeline:
    """A checked file, with settings of its model."""
    return Pipeline.model_validate({**SECTIONS, "model": {"architecture": "ngram", **model}})


def sentences(count: int, seed: int = 0) -> list[str]:
    """Of a few words, some more often than others."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        who, does, what, then = (
            words[int(len(words) * random.random() ** 1.5)] for words in (WHO, DOES, WHAT, THEN)
        )
        found.append(f"{who[0].upper()}{who[1:]} {does} {what}{then}.")
    return found


def split(texts: list[str]) -> Split:
    """Of sentences."""
    return Split(SCHEMA, {"text": Values(texts)})


def data(train: list[str], dask: str | None = None) -> Data:
    """Sentences to learn from, and fifty others."""
    return Data(split(train), split(sentences(50, seed=1)), None, Path(), dask)


def fitted(train: list[str] | None = None, dask: str | None = None, **model: Any) -> Fitted:
    """What comes of counting."""
    texts = sentences(400) if train is None else train
    return fit(pipeline(**model), data(texts, dask), 0, Watch())


def predictor(folder: Path, train: list[str] | None = None, **model: Any) -> NgramPredictor:
    """A trained model, saved in a folder and read again."""
    folder.mkdir()
    fitted(train, **model).save(folder)
    return load(folder)
