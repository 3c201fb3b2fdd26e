"""An estimator's ONNX file that answers for raw examples."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from components.data.dataset import Split
from components.data.examples import Examples
from components.fitting.estimator.session import Session
from components.layers.chain import links
from components.models import keras_files


class OnnxPredictor:
    """Answers for raw examples: preprocessing, then the ONNX file.

    Args:
        preprocessing: From raw examples to model-ready ones.
        session: Of the ONNX file.
    """

    def __init__(self, preprocessing: keras.Model, session: Session) -> None:
        self.preprocessing, self.session = preprocessing, session

    def predict(self, split: Split) -> NDArray[Any]:
        """Class probabilities `(n, classes)`, or predictions `(n,)`."""
        return np.concatenate(list(self.stream(split)))

    def stream(self, split: Split) -> Iterator[NDArray[Any]]:
        """The same, some examples at a time."""
        for chunk in Examples(split, links(self.preprocessing)):
            values = np.asarray(chunk, np.float32)
            yield self.session.run(values.reshape(len(values), -1))


def load(folder: Path) -> OnnxPredictor:
    """The predictor of a trained model."""
    preprocessing = keras_files.load(folder / "preprocessing.keras")
    return OnnxPredictor(preprocessing, Session((folder / "estimator.onnx").read_bytes()))
