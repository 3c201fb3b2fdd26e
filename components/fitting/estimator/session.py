"""Running an ONNX file, on one thread."""

from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

BATCH = 1024  # rows at once: fixed, so that sums never depend on who asks for how many
INPUT = "examples"


class Session:
    """An ONNX model that answers.

    Args:
        content: Of the file.
    """

    def __init__(self, content: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.use_deterministic_compute = True
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            content, options, providers=["CPUExecutionProvider"]
        )
        self._shape = tuple(self._session.get_outputs()[0].shape[1:])

    def run(self, examples: NDArray[Any]) -> NDArray[np.float32]:
        """Class probabilities `(n, classes)`, or predictions `(n,)`, of examples `(n, d)`."""
        parts = [
            self._session.run(
                None, {INPUT: np.asarray(examples[start : start + BATCH], np.float32)}
            )
            for start in range(0, len(examples), BATCH)
        ]
        return np.concatenate([np.empty((0, *self._shape), np.float32), *(one[0] for one in parts)])
