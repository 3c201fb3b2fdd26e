"""What MLflow runs for a registered model of a table, or of an estimator.

MLflow copies this file into the model, which therefore needs none of Millrace's code.
"""

import json
from pathlib import Path
from typing import Any

import mlflow.models
import numpy as np
import pandas as pd
import tensorflow as tf
from mlflow.pyfunc import PythonModel
from numpy.typing import NDArray

BATCH = 1024


class Serving(PythonModel):
    """Answers for raw examples: an array, or a table with its own columns."""

    def load_context(self, context: Any) -> None:
        """Loads the files of the model."""
        folder = Path(context.artifacts["predictor"])
        self.columns = json.loads((folder / "columns.json").read_text())
        self.model = tf.saved_model.load(str(folder / "model"))
        self.session = _session(folder / "estimator.onnx")

    # Without types: MLflow would take them for the signature.
    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
        """The output for raw examples, `(n, ...)` float32."""
        raw = self._encoded(model_input) if self.columns else np.asarray(model_input)
        size = len(model_input)
        # At least once, so that no rows have an answer of the right shape too.
        starts = range(0, max(1, size), BATCH)
        return np.concatenate([self._of(raw, slice(start, start + BATCH)) for start in starts])

    def _of(self, raw: Any, rows: slice) -> NDArray[np.float32]:
        if isinstance(raw, dict):
            features = self.model({name: tf.constant(one[rows]) for name, one in raw.items()})
        else:
            features = self.model(tf.constant(raw[rows]))
        values = features.numpy()
        if self.session is None:
            return values  # type: ignore[no-any-return]
        return self.session.run(None, {"examples": values})[0]  # type: ignore[no-any-return]

    def _encoded(self, table: Any) -> dict[str, NDArray[np.float32]]:
        """Numbers as they are, categories as their places; NaN for what is unknown."""
        return {name: _column(table[name], known) for name, known in self.columns.items()}


def _session(path: Path) -> Any:
    """Runs an ONNX file on one thread; None where there is none."""
    if not path.exists():
        return None
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _column(values: Any, known: list[str] | None) -> NDArray[np.float32]:
    # As the kind `Value` reads them, whose code this file must not import.
    given = [None if pd.isna(one) or one == "" else one for one in values]
    if known is None:
        return np.array([np.nan if one is None else _number(one) for one in given], np.float32)
    places = {text: place for place, text in enumerate(known)}
    numbers = _numbers(places)
    found = [None if one is None else _place(one, places, numbers) for one in given]
    return np.array(found, np.float32)  # NaN where it is None


def _number(value: Any) -> float:
    if isinstance(value, str) and "_" in value:  # Python reads 1_0 as 10
        raise ValueError(f"could not convert string to float: {value!r}")
    return float(value)


def _place(value: Any, places: dict[str, int], numbers: dict[float, int]) -> int | None:
    """Of a category, None for an unknown one; a number may be written otherwise: `1.0`, `01`."""
    is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    is_whole = is_number and float(value).is_integer()
    found = places.get(str(int(value) if is_whole else value))
    return numbers.get(float(value)) if found is None and is_number else found


def _numbers(places: dict[str, int]) -> dict[float, int]:
    """The places of the categories that are numbers, but of those that several are."""
    found: dict[float, int] = {}
    twice = set()
    for text, place in places.items():
        try:
            number = _number(text)
        except ValueError:
            continue
        twice |= {number} & found.keys()
        found[number] = place
    return {number: place for number, place in found.items() if number not in twice}


mlflow.models.set_model(Serving())
