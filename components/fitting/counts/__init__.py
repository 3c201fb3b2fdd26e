"""Fitting a language model by counting."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from components.base.errors import Problem
from components.config.train import Learner
from components.models.ngram import Ngram

if TYPE_CHECKING:
    from components.config.pipeline import Pipeline


class CountsLearner(Learner):
    """Counts the n-grams of the train split once, in processes or on the Dask cluster."""

    gives = "arpa"

    learner: str = "counts"

    def problems(self, file: "Pipeline") -> Iterator[Problem]:
        """A model that is not made of counts, or examples that are no text."""
        if not isinstance(file.model, Ngram):
            yield Problem(("train", "learner"), "counts are for model: {architecture: ngram}")
        kinds = [one.name for one in file.ingest.kinds.values()]
        if kinds != ["Text"]:
            what = f"an n-gram model learns from a column of Text; there are {', '.join(kinds)}"
            yield Problem(("model", "architecture"), what)
        for key in ("preprocess", "augment"):
            layers = file.preprocess if key == "preprocess" else file.augment.layers
            if layers:
                yield Problem((key,), "counts take text as it is; no layer stands before them")
