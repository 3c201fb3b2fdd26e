"""LiteRT files: what they compute, and what the gate says."""

import keras
import numpy as np
import pytest

from components.compress.config import Config
from components.compress.litert import Runner
from components.compress.stage import Compressed, calibration, compress, fixed, refused
from components.dataset import Facts, Split

FACTS = Facts((6, 6, 1), "uint8", ("a", "b"), {"train": 40})


@pytest.fixture(scope="module")
def model():
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


@pytest.fixture(scope="module")
def split():
    images = np.random.default_rng(0).integers(0, 256, (40, 6, 6, 1), np.uint8)
    return Split(images, np.zeros(40, np.int64))


@pytest.fixture(scope="module")
def compressed(model, split, tmp_path_factory):
    folder = tmp_path_factory.mktemp("compressed")
    inside, before = fixed(model, FACTS)
    config = Config(methods=("float16", "int8"), calibration_examples=30)
    examples = calibration(split, FACTS, before, config.calibration_examples, seed=0)
    inputs = [split.array.astype(np.float32)]
    return folder, compress(inside, config, examples, inputs, split.labels, 1.0, folder)


@pytest.mark.parametrize(
    ("method", "tolerance"), [("float32", 1e-5), ("float16", 0.01), ("int8", 0.05)]
)
def test_a_file_computes_what_the_model_does(compressed, model, split, method, tolerance):
    runner = Runner(compressed[0] / f"{method}.tflite")

    results = np.array([runner(example) for example in split.array])

    assert results == pytest.approx(np.asarray(model(split.array)), abs=tolerance)


def test_every_method_is_measured(compressed, model, split):
    measured = {one.method: one for one in compressed[1]}

    accuracy = (np.asarray(model(split.array)).argmax(1) == 0).mean()
    assert list(measured) == ["float32", "float16", "int8"]
    assert measured["float32"].accuracy == accuracy
    assert measured["float32"].accuracy_drop == 1 - accuracy
    assert measured["float16"].size_bytes < measured["float32"].size_bytes
    assert all(one.latency_ms > 0 for one in measured.values())


def test_a_set_of_several_sizes_leaves_its_resizing_outside():
    layers = [keras.Input((None, None, 3)), keras.layers.Resizing(4, 5), keras.layers.Flatten()]
    facts = Facts((None, None, 3), "uint8", ("a", "b"), {})

    inside, before = fixed(keras.Sequential([*layers, keras.layers.Dense(2)]), facts)

    assert [type(layer).__name__ for layer in before] == ["Resizing"]
    assert inside.input_shape == (None, 4, 5, 3)


def result(method, drop):
    return Compressed(
        method=method, file="", size_bytes=1, accuracy=0.9, accuracy_drop=drop, latency_ms=1
    )


def test_the_gate_names_each_method_that_loses_too_much():
    config = Config(methods=("float16", "int8"), gate={"max_accuracy_drop": 0.01})
    measured = [result("float32", 0.5), result("float16", 0.01), result("int8", 0.02)]

    assert refused(measured, config) == [
        "compress: int8 loses 0.0200 of test accuracy (0.9000); "
        "compress.gate.max_accuracy_drop allows 0.01"
    ]
