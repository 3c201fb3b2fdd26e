"""Weights and activations in whole numbers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from components.compress.litert import LiteRT, convert, tensor_names, write
from components.compress.methods.int8 import Int8
from components.data.dataset import Split
from components.data.examples import Examples, fixed
from components.fitting.supervised.predictor import KerasPredictor

Calibration = list[NDArray[np.float32]] | dict[str, NDArray[np.float32]]


def compress(
    method: Int8, predictor: KerasPredictor, train: Split, seed: int, path: Path
) -> LiteRT:
    """Makes weights, activations, input and output whole numbers.

    References:
        Jacob et al., Quantization and Training of Neural Networks for Efficient
        Integer-Arithmetic-Only Inference (2018), section 2.
    """
    examples = calibration(predictor, train, method.calibration_examples, seed)

    def set_up(converter: tf.lite.TFLiteConverter) -> None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: iter(examples)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8

    return write(convert(predictor, train.schema, set_up), predictor, train.schema, path)


def calibration(
    predictor: KerasPredictor, train: Split, count: int, seed: int
) -> list[Calibration]:
    """`count` examples of the train split, or all where it has fewer, as the converter takes them.

    Returns:
        For each `[(1, ...)]` float32, or such arrays by `tensor_names`.
    """
    rows = np.random.default_rng(seed).permutation(len(train))[:count]
    _, before = fixed(predictor.serving, train.schema)
    chosen = Examples(train.take(rows), before).array()
    if isinstance(chosen, Mapping):
        names = tensor_names(chosen)
        return [
            {names[column]: _alone(one[row]) for column, one in chosen.items()}
            for row in range(len(rows))
        ]
    return [[_alone(example)] for example in chosen]


def _alone(example: NDArray[Any]) -> NDArray[np.float32]:
    return np.asarray(example, np.float32)[np.newaxis]
