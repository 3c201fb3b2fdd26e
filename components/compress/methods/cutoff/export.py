"""Rare n-grams dropped."""

from pathlib import Path

from components.compress.methods.cutoff import Cutoff
from components.data.dataset import Split
from components.fitting.counts.ngrams import arpa
from components.fitting.counts.ngrams.compression import prune
from components.fitting.counts.predictor import NgramPredictor, counts_of


def compress(
    method: Cutoff, predictor: NgramPredictor, train: Split, seed: int, path: Path
) -> NgramPredictor:
    """Drops them.

    References:
        Chen, Goodman, An Empirical Study of Smoothing Techniques (1999), section 5.1.4.
    """
    orders = predictor.model.order - 1
    least = [*method.least, *[method.least[-1]] * orders][:orders]
    model = prune(predictor.model, counts_of(predictor), least)
    file = path.with_suffix(".arpa")
    arpa.write(model, file)
    return NgramPredictor(arpa.read(file), predictor.lower, file)
