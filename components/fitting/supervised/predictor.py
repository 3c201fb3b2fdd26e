"""A Keras model that answers for raw examples."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from components.data.dataset import Split
from components.data.examples import Examples, fixed
from components.models import keras_files


class KerasPredictor:
    """Answers for raw examples.

    Args:
        serving: From raw examples to the output.
    """

    def __init__(self, serving: keras.Model) -> None:
        self.serving = serving

    def predict(self, split: Split) -> NDArray[Any]:
        """The outputs, `(n, ...)` float32."""
        return np.concatenate(list(self.stream(split)))

    def stream(self, split: Split) -> Iterator[NDArray[Any]]:
        """The outputs, some examples at a time."""
        model, before = fixed(self.serving, split.schema)
        for chunk in Examples(split, before):
            yield np.asarray(model.predict_on_batch(chunk), np.float32)


def load(folder: Path) -> KerasPredictor:
    """The predictor of a trained model."""
    return KerasPredictor(keras_files.load(folder / "serving.keras"))
