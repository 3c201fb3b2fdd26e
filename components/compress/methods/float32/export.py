"""The model as it is."""

from pathlib import Path

from components.compress.litert import LiteRT, convert, write
from components.compress.methods.float32 import Float32
from components.data.dataset import Split
from components.fitting.supervised.predictor import KerasPredictor


def compress(
    method: Float32, predictor: KerasPredictor, train: Split, seed: int, path: Path
) -> LiteRT:
    """Only converts."""
    return write(convert(predictor, train.schema), predictor, train.schema, path)
