"""What is left of a training."""

import keras
import numpy as np
import pytest

from components.base.files import read_json
from components.data.dataset import empty
from components.fitting.predictor import load
from components.fitting.supervised.saving import HOME, in_float32, save, serving
from components.layers.contrast import GlobalContrastNormalization
from components.models import keras_files
from tests.fitting.made import SCHEMA, pipeline


def network(activation="softmax", dtype=None):
    inputs = keras.Input((3,))
    hidden = keras.layers.Dense(4, activation="relu", dtype=dtype)(inputs)
    return keras.Model(inputs, keras.layers.Dense(2, activation, dtype="float32")(hidden))


@pytest.fixture
def preprocessing():
    return keras.Sequential([keras.Input((3,), dtype="uint8"), GlobalContrastNormalization()])


RAW = np.array([[0, 100, 255], [9, 8, 7]], np.uint8)


def finish(model):
    """What classification puts behind a network."""
    file = pipeline()
    return file.task.head(file, empty(SCHEMA)).finish(model)


def test_the_served_model_takes_raw_examples(preprocessing):
    model = network()

    served = serving(preprocessing, model, finish(model))

    assert served.inputs[0].dtype == "uint8"
    assert np.asarray(served(RAW)) == pytest.approx(np.asarray(model(preprocessing(RAW))))


def test_logits_are_served_as_probabilities(preprocessing):
    model = network("linear")

    probabilities = np.asarray(serving(preprocessing, model, finish(model))(RAW))

    logits = np.asarray(model(preprocessing(RAW)))
    assert logits.sum(axis=1) != pytest.approx([1, 1])
    assert probabilities.sum(axis=1) == pytest.approx([1, 1])


def test_a_model_of_mixed_precision_is_saved_in_float32(tmp_path, preprocessing):
    model = network(dtype="mixed_bfloat16")
    keras_files.save(preprocessing, tmp_path / "preprocessing.keras")

    save(model, finish(model), tmp_path, tmp_path)

    saved = keras_files.load(tmp_path / "model.keras")
    assert {layer.compute_dtype for layer in saved.layers} == {"float32"}
    assert all(map(np.array_equal, saved.get_weights(), model.get_weights()))
    x = np.ones((1, 3), np.float32)
    assert np.asarray(in_float32(model)(x)) == pytest.approx(np.asarray(model(x)), abs=0.02)
    assert keras_files.load(tmp_path / "serving.keras")(RAW).shape == (2, 2)


def test_a_network_within_a_network_is_in_float32_too():
    with_mixed = keras.Sequential([network(dtype="mixed_bfloat16")])

    found = in_float32(with_mixed)

    inner = found.layers[0].layers
    assert {layer.compute_dtype for layer in inner} == {"float32"}
    x = np.ones((1, 3), np.float32)
    assert np.asarray(found(x)) == pytest.approx(np.asarray(with_mixed(x)), abs=0.02)


def test_wrapped_layers_are_in_float32_too():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        layers = [
            keras.layers.TimeDistributed(keras.layers.Dense(3)),
            keras.layers.Bidirectional(keras.layers.LSTM(2)),
        ]
        mixed = keras.Sequential([keras.Input((4, 3)), *layers])
    finally:
        keras.config.set_dtype_policy("float32")

    found = in_float32(mixed)

    spread, both = found.layers
    inner = (spread.layer, both.forward_layer, both.backward_layer, both.forward_layer.cell)
    assert {one.compute_dtype for one in (spread, both, *inner)} == {"float32"}


def test_what_is_saved_says_who_loads_it(tmp_path, preprocessing):
    model = network()
    keras_files.save(preprocessing, tmp_path / "preprocessing.keras")

    save(model, [], tmp_path, tmp_path)

    assert read_json(tmp_path / "predictor.json") == {"home": HOME}
    assert type(load(tmp_path)).__module__ == f"{HOME}.predictor"
