"""The model that MLflow gets needs none of our code."""

import io

import keras
import mlflow
import numpy as np
import pytest
import yaml
from PIL import Image as Pillow
from tensorflow.core.protobuf.fingerprint_pb2 import FingerprintDef

from components.base.files import read_json
from components.data.dataset import Split
from components.data.features.class_label import ClassLabel
from components.data.features.image import Image
from components.data.schema import Schema
from components.fitting.predictor import describe, open_registered, package
from components.fitting.supervised.saving import HOME
from components.models import keras_files


def split(kind, values):
    schema = Schema({"image": kind, "label": ClassLabel(("a", "b"))}, ("label",))
    return Split(schema, {"image": values, "label": np.zeros(len(values), np.int64)})


@pytest.fixture
def images():
    pixels = np.arange(80, dtype=np.uint8).reshape(5, 4, 4, 1)
    return split(Image((4, 4, 1), "uint8", is_file=False), pixels)


def trained(folder, *layers):
    keras.utils.set_random_seed(0)
    folder.mkdir()
    model = keras.Sequential([*layers, keras.layers.Dense(2, "softmax")])
    keras_files.save(model, folder / "serving.keras")
    describe(HOME, folder)
    return model


@pytest.fixture
def model(tmp_path):
    inputs = keras.Input((4, 4, 1), dtype="uint8")
    return trained(tmp_path / "trained", inputs, keras.layers.Flatten())


def test_raw_examples_are_the_input_example_of_the_model(model, images, tmp_path):
    package(tmp_path / "trained", images, tmp_path / "model")

    loaded = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    assert np.array_equal(loaded.input_example, images.input)
    assert loaded.predict(images.input) == pytest.approx(np.asarray(model(images.input)))
    assert str(loaded.metadata.signature.inputs) == "[Tensor('uint8', (-1, 4, 4, 1))]"
    assert str(loaded.metadata.signature.outputs) == "[Tensor('float32', (-1, 2))]"


def test_what_is_registered_answers_as_the_model_did(model, images, tmp_path):
    package(tmp_path / "trained", images, tmp_path / "model")

    found = open_registered(tmp_path / "model").predict(images)

    assert read_json(tmp_path / "model" / "predictor.json") == {"home": HOME}
    assert found == pytest.approx(np.asarray(model(images.input)))


def test_nothing_that_is_drawn_at_random_is_packaged(model, images, tmp_path):
    package(tmp_path / "trained", images, tmp_path / "model")

    described = yaml.safe_load((tmp_path / "model" / "MLmodel").read_text())
    assert described.keys().isdisjoint({"utc_time_created", "model_uuid", "run_id"})
    assert described["model_id"] is None
    (path,) = (tmp_path / "model").rglob("fingerprint.pb")
    assert FingerprintDef.FromString(path.read_bytes()).uuid == ""


def test_of_images_of_several_sizes_the_first_one_is_the_input_example(tmp_path):
    files = []
    for size in ((6, 5), (8, 9)):
        buffer = io.BytesIO()
        Pillow.new("RGB", size, (10, 20, 30)).save(buffer, "PNG")
        files.append(buffer.getvalue())
    resizing = [keras.layers.Resizing(4, 4), keras.layers.GlobalAveragePooling2D()]
    inputs = keras.Input((None, None, 3), dtype="uint8")
    model = trained(tmp_path / "trained", inputs, *resizing)
    examples = split(Image(), files)

    package(tmp_path / "trained", examples, tmp_path / "model")

    loaded = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    assert loaded.input_example.shape == (1, 5, 6, 3)
    found = open_registered(tmp_path / "model").predict(examples)
    colour = np.full((1, 4, 4, 3), (10, 20, 30), np.uint8)
    assert found == pytest.approx(np.asarray(model(colour)).repeat(2, axis=0))
