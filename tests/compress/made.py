"""A small model of images, and what it says of some."""

import keras
import numpy as np

from components.data.dataset import Split
from components.data.features.class_label import ClassLabel
from components.data.features.image import Image
from components.data.schema import Schema
from components.tasks.outcomes import Outcomes, outcomes

CLASSES = ("a", "b")
SCHEMA = Schema(
    {"image": Image((6, 6, 1), "uint8", is_file=False), "label": ClassLabel(CLASSES)}, ("label",)
)


def network() -> keras.Model:
    """From raw images to the probabilities of two classes."""
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((6, 6, 1), dtype="uint8"),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(8, 3, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(64, "relu"),
            keras.layers.Dense(2, "softmax"),
        ]
    )


def images(model: keras.Model, count: int = 400) -> Split:
    """Images, of which the labels of one in four are not what the model says."""
    pixels = np.random.default_rng(0).integers(0, 256, (count, 6, 6, 1), np.uint8)
    found = np.asarray(model(pixels)).argmax(axis=1)
    wrong = np.arange(count) % 4 == 0
    labels = np.where(wrong, 1 - found, found).astype(np.int64)
    return Split(SCHEMA, {"image": pixels, "label": labels})


def said(split: Split, labels: np.ndarray) -> Outcomes:
    """As if a model had said these labels."""
    truth, answers = ([CLASSES[one] for one in each] for each in (split.target[:], labels))
    return outcomes(split, {"label": truth}, {"label": answers})
