"""LiteRT: a Keras model as one file for small machines, and what runs it."""

import shutil
import tempfile
import time
import warnings
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from components.data.dataset import Split
from components.data.examples import Batch, Examples, fixed
from components.data.schema import Schema
from components.fitting.supervised.predictor import KerasPredictor

WARM_UP, TIMED = 20, 200  # calls of the model around which its latency is measured

SetUp = Callable[[tf.lite.TFLiteConverter], None]


def convert(predictor: KerasPredictor, schema: Schema, set_up: SetUp | None = None) -> bytes:
    """Converts a model for one example at a time.

    Args:
        predictor: Its model goes from `(n, ...)` to `(n, ...)` float32.
        schema: Of the raw examples, the same whenever it is converted.
        set_up: Sets what the converter is to do; left out, everything stays float32.

    Raises:
        RuntimeError, ValueError: The model has an operation that cannot be converted.
    """
    converter = tf.lite.TFLiteConverter.from_saved_model(_saved(predictor, schema))
    if set_up is not None:
        set_up(converter)
    with warnings.catch_warnings():
        # TensorFlow says so of itself: it calibrates several inputs by its old interpreter.
        warnings.filterwarnings("ignore", r"\s*Warning: tf\.lite\.Interpreter", UserWarning)
        return bytes(converter.convert())


_SAVED: WeakKeyDictionary[KerasPredictor, str] = WeakKeyDictionary()


def _saved(predictor: KerasPredictor, schema: Schema) -> str:
    """The folder of a model as TensorFlow saves it; once, since each method converts the same."""
    if predictor not in _SAVED:
        folder = tempfile.mkdtemp()
        weakref.finalize(predictor, shutil.rmtree, folder)
        model, _ = fixed(predictor.serving, schema)
        archive = keras.export.ExportArchive()
        archive.track(model)
        archive.add_endpoint("serve", lambda x: model(x, training=False), [_one(model)])
        archive.write_out(folder, verbose=False)
        _SAVED[predictor] = folder
    return _SAVED[predictor]


def _one(model: keras.Model) -> Any:
    """What one example is: a tensor, or one for each column, named by its place."""
    if isinstance(model, keras.Sequential):  # which has no `input` before it is called
        return tf.TensorSpec((1, *model.input_shape[1:]), tf.float32)
    names = tensor_names(model.input)
    return {
        column: tf.TensorSpec((1, *one.shape[1:]), tf.float32, name=names[column])
        for column, one in sorted(model.input.items())
    }


def tensor_names(columns: Iterable[str]) -> dict[str, str]:
    """What the converter calls the input of each column, whatever letters the column's name has."""
    return {column: f"column{place}" for place, column in enumerate(sorted(columns))}


def write(content: bytes, predictor: KerasPredictor, schema: Schema, path: Path) -> "LiteRT":
    """Writes a model to a file, and reads it again."""
    file = path.with_suffix(".tflite")
    file.write_bytes(content)
    return LiteRT(file, fixed(predictor.serving, schema)[1])


class LiteRT:
    """Runs a LiteRT model on one thread, one example at a time.

    Args:
        path: The `.tflite` file.
        before: Layers that images of several sizes go through first.
    """

    def __init__(self, path: Path, before: Any = ()) -> None:
        self.path, self.before = path, before
        self._interpreter = Interpreter(str(path), num_threads=1)
        self._interpreter.allocate_tensors()
        self._inputs = self._interpreter.get_input_details()
        self._output = self._interpreter.get_output_details()[0]

    def predict(self, split: Split) -> NDArray[Any]:
        """The outputs, `(n, ...)` float32, for raw examples."""
        return np.concatenate(list(self.stream(split)))

    def stream(self, split: Split) -> Iterator[NDArray[Any]]:
        """The outputs, some examples at a time."""
        for chunk in Examples(split, self.before):
            yield np.stack([self(example) for example in _each(chunk)])

    def __call__(self, example: Batch) -> NDArray[np.float32]:
        """The output for one example, `(...)` or such a mapping, in the source's own values."""
        self._feed(example)
        self._interpreter.invoke()
        result: NDArray[Any] = self._interpreter.get_tensor(self._output["index"])[0]
        scale, zero = self._output["quantization"]
        floats = result.astype(np.float32)
        return (floats - zero) * np.float32(scale) if scale else floats

    def latency_ms(self, split: Split) -> float:
        """Median milliseconds of one call, without the copying in and out."""
        (chunk,) = Examples(split.take(np.arange(1)), self.before)
        self._feed(next(_each(chunk)))
        seconds = []
        for call in range(WARM_UP + TIMED):
            start = time.perf_counter()
            self._interpreter.invoke()
            if call >= WARM_UP:
                seconds.append(time.perf_counter() - start)
        return 1000 * float(np.median(seconds))

    def _feed(self, example: Batch) -> None:
        is_table = isinstance(example, Mapping)
        columns = [example[name] for name in sorted(example)] if is_table else [example]
        for place in self._inputs:
            # `serving_default_column3:0`, where there are several.
            number = int(place["name"].rpartition("column")[2].partition(":")[0]) if is_table else 0
            values = np.asarray(columns[number])[np.newaxis].astype(np.float32)
            scale, zero = place["quantization"]
            if scale:
                limits = np.iinfo(place["dtype"])
                values = np.clip(np.round(values / scale) + zero, limits.min, limits.max)
            self._interpreter.set_tensor(place["index"], values.astype(place["dtype"]))


def _each(chunk: Batch) -> Iterator[Batch]:
    """The examples of a chunk."""
    if not isinstance(chunk, Mapping):
        yield from np.asarray(chunk)
        return
    for row in range(len(next(iter(chunk.values())))):
        yield {name: values[row] for name, values in chunk.items()}
