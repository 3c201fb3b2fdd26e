"""A pipeline file, and points of two classes."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from components.config.pipeline import Pipeline
from components.data.dataset import Split
from components.data.features.class_label import ClassLabel
from components.data.features.value import Value
from components.data.schema import Schema
from components.fitting.data import Data

SCHEMA = Schema(
    {"point": Value("float32", (2,)), "label": ClassLabel(("below", "above"))}, ("label",)
)
SECTIONS: dict[str, Any] = {
    "version": 1,
    "description": "points",
    "task": "classification",
    "ingest": {"source": "sklearn.datasets.load_iris"},
    "model": {"architecture": "mlp", "units": [8]},
    "train": {"epochs": 8, "batch_size": 16, "learning_rate": 0.05},
    "register": {"name": "points"},
}


def pipeline(**sections: Any) -> Pipeline:
    """A checked file, with some of its sections other ones."""
    return Pipeline.model_validate({**SECTIONS, **sections})


def split(points: Any) -> Split:
    """Points `(n, 2)` with the side of a line that each is on."""
    labels = (points.sum(axis=1) > 0).astype(np.int64)
    return Split(SCHEMA, {"point": points, "label": labels})


def points(
    train: int = 60, validation: int = 20, augment: keras.Layer | None = None, ready: Path = Path()
) -> Data:
    """Two classes of points that a line parts."""
    drawn = np.random.default_rng(0).normal(size=(train + validation, 2)).astype(np.float32)
    layers = [augment] if augment else []
    augmentation = keras.Sequential([keras.Input((2,)), *layers])
    return Data(split(drawn[:train]), split(drawn[train:]), augmentation, ready)
