"""What MLflow runs for a registered model of a table, or of an estimator.

MLflow copies this file into the model, which therefore needs none of Millrace's code.
"""

import json
from pathlib import Path
from typing import Any

import mlflow.models
import numpy as np
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
        parts = [self._of(raw, slice(start, start + BATCH)) for start in range(0, size, BATCH)]
        return np.concatenate(parts)

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
    if known is None:
        return np.array([np.nan if one is None else one for one in values], np.float32)
    places = {text: place for place, text in enumerate(known)}
    return np.array([places.get(_text(one), np.nan) for one in values], np.float32)


def _text(value: Any) -> str:
    """A category as the kind `Value` reads it, whose code this file must not import."""
    if value is None or value != value:  # NaN
        return ""
    is_whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if is_whole else value)


mlflow.models.set_model(Serving())
