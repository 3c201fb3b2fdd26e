"""Weights in half precision."""

from pathlib import Path

import tensorflow as tf

from components.compress.litert import LiteRT, convert, write
from components.compress.methods.float16 import Float16
from components.data.dataset import Split
from components.fitting.supervised.predictor import KerasPredictor


def compress(
    method: Float16, predictor: KerasPredictor, train: Split, seed: int, path: Path
) -> LiteRT:
    """Stores the weights in half precision."""

    def set_up(converter: tf.lite.TFLiteConverter) -> None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]

    return write(convert(predictor, train.schema, set_up), predictor, train.schema, path)
