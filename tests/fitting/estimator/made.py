"""Pipeline files of an estimator, and what it is fitted to."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
from sklearn.datasets import load_diabetes, load_wine

from components.config.pipeline import Pipeline
from components.data.dataset import Split
from components.data.features.class_label import ClassLabel
from components.data.features.value import Value
from components.data.schema import Schema
from components.fitting.data import Data
from components.fitting.estimator.fit import Fitted, fit
from components.fitting.watch import Watch
from components.models import keras_files

TASKS = {"classification": "load_wine", "regression": "load_diabetes"}


def pipeline(task: str, estimator: Any, **model: Any) -> Pipeline:
    """A checked file."""
    return Pipeline.model_validate(
        {
            "version": 1,
            "description": "an estimator",
            "task": task,
            "ingest": {"source": f"sklearn.datasets.{TASKS[task]}"},
            "model": {"estimator": estimator, **model},
            "register": {"name": "made"},
        }
    )


def wine(classes: tuple[str, ...] = ("a", "b", "c"), places: Any = (0, 1, 2)) -> Data:
    """178 wines with 13 features from 0 to 1.

    Args:
        classes: That there are.
        places: Of the three that wines have, among these.
    """
    examples, labels = load_wine(return_X_y=True)
    scaled = (examples - examples.min(axis=0)) / np.ptp(examples, axis=0)
    return _data(scaled, np.array(places)[labels], ClassLabel(classes))


def diabetes() -> Data:
    """442 patients with 10 features."""
    return _data(*load_diabetes(return_X_y=True), Value())


def _data(examples: Any, targets: Any, kind: Any) -> Data:
    schema = Schema({"features": Value("float32", examples.shape[1:]), "label": kind}, ("label",))
    rows = np.random.default_rng(0).permutation(len(examples))
    examples, targets = examples.astype(np.float32), targets.astype(kind.dtype)
    train, validation = (
        Split(schema, {"features": examples[part], "label": targets[part]})
        for part in (rows[:-40], rows[-40:])
    )
    return Data(train, validation, keras.Sequential(), Path())


def fitted(task: str, estimator: Any, data: Data, seed: int = 0, **model: Any) -> Fitted:
    """What comes of an estimator by its name."""
    return fit(pipeline(task, estimator, **model), data, seed, Watch())


def preprocessed(folder: Path, features: int) -> keras.Model:
    """Saves a preprocessing that halves each feature."""
    folder.mkdir()
    model = keras.Sequential([keras.Input((features,)), keras.layers.Rescaling(0.5)])
    keras_files.save(model, folder / "preprocessing.keras")
    return model
