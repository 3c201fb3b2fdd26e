"""A Keras model answers for raw examples."""

import keras
import numpy as np
import pytest
from PIL import Image as Pillow

from components.data.dataset import Split
from components.data.features.class_label import ClassLabel
from components.data.features.image import Image
from components.data.schema import Schema
from components.fitting.predictor import describe, load
from components.fitting.supervised.predictor import KerasPredictor
from components.fitting.supervised.saving import HOME
from components.models import keras_files

LABELS = np.array([0, 0, 0, 1, 1, 1])


def schema(kind):
    return Schema({"image": kind, "label": ClassLabel(("cat", "dog"))}, ("label",))


@pytest.fixture
def images():
    pixels = np.arange(96, dtype=np.uint8).reshape(6, 4, 4, 1)
    kind = Image((4, 4, 1), "uint8", is_file=False)
    return Split(schema(kind), {"image": pixels, "label": LABELS})


@pytest.fixture
def model():
    layers = [keras.layers.Flatten(), keras.layers.Dense(2, "softmax")]
    return keras.Sequential([keras.Input((4, 4, 1)), *layers])


def test_predictions_are_those_of_the_model(images, model):
    found = KerasPredictor(model).predict(images)

    assert found.dtype == np.float32
    assert found == pytest.approx(np.asarray(model(images.input)))


def test_a_predictor_is_loaded_with_its_weights(images, model, tmp_path):
    keras_files.save(model, tmp_path / "serving.keras")
    describe(HOME, tmp_path)

    assert load(tmp_path).predict(images) == pytest.approx(np.asarray(model(images.input)))


def test_image_files_of_several_sizes_are_resized_one_by_one(tmp_path):
    sizes = [(9, 5), (4, 8), (6, 6)]
    files = []
    for number, (height, width) in enumerate(sizes):
        path = tmp_path / f"{number}.png"
        grey = np.full((height, width, 3), 60 * number, np.uint8)
        Pillow.fromarray(grey).save(path)
        files.append(path.read_bytes())
    split = Split(schema(Image()), {"image": files, "label": LABELS[:3]})
    resizing = [keras.Input((None, None, 3)), keras.layers.Resizing(4, 4)]
    mean = keras.Sequential([*resizing, keras.layers.GlobalAveragePooling2D()])

    found = KerasPredictor(mean).predict(split)

    assert found == pytest.approx(np.array([[0.0], [60.0], [120.0]]).repeat(3, axis=1))
