"""Probabilities of 8 bits."""

from pathlib import Path

from components.compress.methods.bins import Bins
from components.data.dataset import Split
from components.fitting.counts.ngrams.compression import (
    load_compact,
    quantize,
    save_compact,
)
from components.fitting.counts.predictor import NgramPredictor


def compress(
    method: Bins, predictor: NgramPredictor, train: Split, seed: int, path: Path
) -> NgramPredictor:
    """Gives them few values.

    References:
        Federico, Bertoldi, How Many Bits Are Needed To Store Probabilities for Phrase-Based
        Translation? (2006), section 3; unlike there the weights are computed anew, without which
        the probabilities after some contexts sum to 0.75 or 1.25.
    """
    model = quantize(predictor.model, method.bins)
    file = path.with_suffix(".npz")
    save_compact(model, file)
    return NgramPredictor(load_compact(file), predictor.lower, file)
