"""Export to LiteRT, and run what was exported."""

import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from components.config.compress import Method

WARM_UP, TIMED = 20, 200  # calls of the model around which its latency is measured


def export(
    model: keras.Model, method: Method | None, calibration: Iterable[NDArray[np.float32]]
) -> bytes:
    """Converts a model for one example at a time.

    Args:
        model: From `(n, ...)` float32 to `(n, classes)`.
        method: None keeps float32; float16 stores the weights in half precision; int8 makes
            weights, activations, input and output whole numbers.
        calibration: Examples `(1, ...)` that int8 reads the ranges of activations from.

    Raises:
        RuntimeError, ValueError: The model has an operation that the method cannot convert.

    References:
        Jacob et al., Quantization and Training of Neural Networks for Efficient
        Integer-Arithmetic-Only Inference (2018), section 2.
    """
    with tempfile.TemporaryDirectory() as folder:
        archive = keras.export.ExportArchive()
        archive.track(model)
        signature = [tf.TensorSpec((1, *model.input_shape[1:]), tf.float32)]
        archive.add_endpoint("serve", lambda x: model(x, training=False), signature)
        archive.write_out(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if method:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if method == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if method == "int8":
            converter.representative_dataset = lambda: ([example] for example in calibration)
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = converter.inference_output_type = tf.int8
        return bytes(converter.convert())


class Runner:
    """Runs a LiteRT model on one thread, one example at a time.

    Args:
        path: The `.tflite` file.
    """

    def __init__(self, path: Path) -> None:
        self._interpreter = Interpreter(str(path), num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]

    def __call__(self, example: NDArray[Any]) -> NDArray[np.float32]:
        """Probabilities `(classes,)` of one example, `(...)` in the source's own values."""
        self._feed(example)
        self._interpreter.invoke()
        result: NDArray[Any] = self._interpreter.get_tensor(self._output["index"])[0]
        scale, zero = self._output["quantization"]
        floats = result.astype(np.float32)
        return (floats - zero) * np.float32(scale) if scale else floats

    def latency_ms(self, example: NDArray[Any]) -> float:
        """Median milliseconds of one call, without the copying in and out."""
        self._feed(example)
        seconds = []
        for call in range(WARM_UP + TIMED):
            start = time.perf_counter()
            self._interpreter.invoke()
            if call >= WARM_UP:
                seconds.append(time.perf_counter() - start)
        return 1000 * float(np.median(seconds))

    def _feed(self, example: NDArray[Any]) -> None:
        values = example[np.newaxis].astype(np.float32)
        scale, zero = self._input["quantization"]
        if scale:
            limits = np.iinfo(self._input["dtype"])
            values = np.clip(np.round(values / scale) + zero, limits.min, limits.max)
        self._interpreter.set_tensor(self._input["index"], values.astype(self._input["dtype"]))
