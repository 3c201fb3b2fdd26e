"""LiteRT files: what they compute, and what the gate says."""

import keras
import numpy as np
import pytest

from components.compress.litert import LiteRT
from components.compress.methods.int8.export import calibration
from components.compress.stage import compress, sentences
from components.config.compress import Config, Method
from components.config.extension import home
from components.config.task import Metric
from components.data.dataset import Split
from components.data.examples import fixed
from components.data.features.class_label import ClassLabel
from components.data.features.image import Image
from components.data.features.value import Value
from components.data.schema import Schema
from components.fitting.supervised.predictor import KerasPredictor
from components.layers.feature_space import FeatureSpace
from components.tasks.classification import Classification
from components.tasks.regression import Regression
from tests.compress.made import images, network, said

INT8 = {"int8": {"calibration_examples": 30}}


@pytest.fixture(scope="module")
def model():
    return network()


@pytest.fixture(scope="module")
def split(model):
    return images(model)


def answered(model, split):
    return np.asarray(model(split.input[:])).argmax(axis=1)


def compressed_by(model, split, folder, reference, methods, **settings):
    """What comes of methods, behind the model as it is."""
    config = Config.model_validate({"methods": ["float32", *methods], **settings})
    predictor, name = KerasPredictor(model), home(Method).name
    made = {
        name(method): method.compress(predictor, split, 0, folder / name(method))
        for method in config.methods
    }
    reference = said(split, reference)
    return compress(made, config, Classification(), split, reference, folder, "float32")


@pytest.fixture(scope="module")
def compressed(model, split, tmp_path_factory):
    folder = tmp_path_factory.mktemp("compressed")
    reference = answered(model, split)
    return folder, *compressed_by(model, split, folder, reference, ["float16", INT8])


@pytest.mark.parametrize(
    ("method", "tolerance"), [("float32", 1e-5), ("float16", 0.01), ("int8", 0.05)]
)
def test_a_file_computes_what_the_model_does(compressed, model, split, method, tolerance):
    runner, few = LiteRT(compressed[0] / f"{method}.tflite"), split.take(np.arange(40))

    results = np.array([runner(example) for example in few.input[:]])

    assert results == pytest.approx(np.asarray(model(few.input[:])), abs=tolerance)
    assert np.array_equal(runner.predict(few), results)


def test_int8_takes_values_beyond_those_it_was_calibrated_with(compressed):
    runner = LiteRT(compressed[0] / "int8.tflite")
    bright = np.full((6, 6, 1), 255, np.uint8)

    # Without clipping, 300 would come round to a dark value.
    assert runner(bright.astype(np.float32) + 45) == pytest.approx(runner(bright), abs=0.01)
    assert runner(bright * 0 - 45.0) == pytest.approx(runner(bright * 0), abs=0.01)


def test_every_method_is_measured(compressed):
    measured = {one.method: one for one in compressed[1]}

    assert list(measured) == ["float32", "float16", "int8"]
    assert measured["float32"].value == 0.75
    assert measured["float32"].drop == 0
    assert measured["float16"].size_bytes < measured["float32"].size_bytes
    assert compressed[2].keys() == measured.keys()
    assert all(latency > 0 for latency in compressed[2].values())


def test_a_method_that_loses_accuracy_has_a_positive_drop(model, split, tmp_path):
    # As if the model before had been right everywhere, and what comes of it only in three of four.
    measured, _ = compressed_by(model, split, tmp_path, split.target, ["float16"])

    assert (answered(model, split) == split.target).mean() == 0.75
    assert [one.drop for one in measured] == [0.25, 0.25]
    assert all(one.drop_low < 0.25 < one.drop_high for one in measured)


class Once:
    """Answers what it is told to."""

    def __init__(self, path, answers):
        path.write_bytes(b"a model")
        self.path, self.answers = path, answers

    def predict(self, split):
        return self.answers

    def latency_ms(self, split):
        return 1.0


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_file_whose_answers_are_no_numbers_is_left_out(tmp_path, wrong):
    task, price = Regression(), np.arange(50, dtype=np.float32)
    columns = {"size": price, "price": price}
    test = Split(Schema({"size": Value(), "price": Value()}, ("price",)), columns)
    reference = task.outcomes(price + 1, test, test.schema)
    made = Once(tmp_path / "half.bin", np.where(price == 7, wrong, price + 1))

    (found,), _ = compress({"half": made}, Config(), task, test, reference, tmp_path)

    assert found.file is None
    assert found.refused == "answers 1 of 50 test examples with NaN or infinity"
    assert not made.path.exists()


def test_a_network_of_a_table_computes_in_whole_numbers(tmp_path):
    random = np.random.default_rng(0)
    columns = {name: random.uniform(-2, 2, 200).astype(np.float32) for name in ("b", "a")}
    kinds = {"b": Value(), "a": Value(), "y": Value()}
    train = Split(Schema(kinds, ("y",)), {**columns, "y": columns["a"]})
    inputs = {name: keras.Input((), name=name) for name in columns}
    vector = FeatureSpace(dict.fromkeys(columns, "float"))(inputs)
    layer = keras.layers.Dense(1)
    model = keras.Model(inputs, layer(vector))
    layer.set_weights([np.array([[1.0], [0], [2], [0]]), np.zeros(1)])  # b + 2 a
    (int8,) = Config.model_validate({"methods": ["int8"]}).methods

    found = int8.compress(KerasPredictor(model), train, 0, tmp_path / "int8")

    assert (tmp_path / "int8.tflite").exists()
    np.testing.assert_allclose(found.predict(train), model.predict(columns, verbose=0), atol=0.2)


def test_a_method_that_surely_loses_too_much_is_left_out_and_says_so(model, split, tmp_path):
    gate = {"max_drop": 0.1}

    measured, _ = compressed_by(model, split, tmp_path, split.target, ["float16"], gate=gate)

    full, half = measured
    assert (full.file, full.refused) == ("float32.tflite", None)
    assert half.file is None
    assert half.refused == (
        f"loses 0.2500 of test accuracy ({half.drop_low:.4f} or more); "
        "compress.gate.max_drop allows 0.1"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["float32.tflite"]
    assert list(sentences(measured))[1] == f"float16 is left out: it {half.refused}"


def test_what_few_examples_cannot_tell_apart_is_no_reason_to_leave_out(model, split, tmp_path):
    pixels = split.input[:39]
    labels = np.asarray(model(pixels)).argmax(axis=1)
    reference = labels.copy()
    labels[0] = 1 - labels[0]  # one of 39 is wrong that was right before: 0.0256
    reference[0] = labels[0]
    few = Split(split.schema, {"image": pixels, "label": labels})
    gate = {"max_drop": 0.02}

    measured, _ = compressed_by(model, few, tmp_path, reference, ["float16"], gate=gate)

    assert measured[1].drop == pytest.approx(1 / 39)
    assert measured[1].refused is None


def test_of_a_metric_that_is_better_when_low_a_gain_is_a_drop(model, split, tmp_path):
    class Errors(Classification):
        """The same answers, by the share that is wrong."""

        metrics = (Metric("error", "lower", "error"),)

        def value(self, metric, outcomes):
            found = super().value("accuracy", outcomes)
            return type(found)(1 - found.value, 1 - found.high, 1 - found.low)

        def difference(self, metric, ours, theirs):
            return super().difference("accuracy", theirs, ours)

    config = Config.model_validate({"gate": {"max_drop": 0.1}})
    made = {}
    for name in ("float32", "float16"):
        method = home(Method).find(name)()
        made[name] = method.compress(KerasPredictor(model), split, 0, tmp_path / name)
    reference = said(split, split.target)

    measured, _ = compress(made, config, Errors(), split, reference, tmp_path)

    assert [one.value for one in measured] == [0.25, 0.25]
    assert [one.drop for one in measured] == [0.25, 0.25]
    assert all(0.1 < one.drop_low < 0.25 < one.drop_high for one in measured)
    assert measured[1].refused == (
        f"loses 0.2500 of test error ({measured[1].drop_low:.4f} or more); "
        "compress.gate.max_drop allows 0.1"
    )


def test_a_method_that_cannot_be_applied_is_left_out(model, split, tmp_path):
    path = tmp_path / "float32"
    full = home(Method).find("float32")().compress(KerasPredictor(model), split, 0, path)
    made = {"float32": full, "int8": ValueError("no int8 kernel for Frobnicate")}
    reference = said(split, answered(model, split))

    measured, latency_ms = compress(made, Config(), Classification(), split, reference, tmp_path)

    assert measured[1].refused == "cannot be exported: no int8 kernel for Frobnicate"
    assert measured[1].size_bytes is None
    assert [one.file for one in measured] == ["float32.tflite", None]
    assert latency_ms.keys() == {"float32"}


def test_ranges_are_read_from_as_many_training_examples_as_are_asked_for(model, split):
    predictor = KerasPredictor(model)

    few, again, other = (calibration(predictor, split, 30, seed) for seed in (0, 0, 1))
    every = calibration(predictor, split.take(np.arange(7)), 30, 0)

    assert (len(few), len(every)) == (30, 7)
    assert all(one.shape == (1, 6, 6, 1) and one.dtype == np.float32 for (one,) in few)
    assert np.array_equal(few, again)
    assert not np.array_equal(few, other)


def test_a_set_of_several_sizes_leaves_its_resizing_outside():
    layers = [keras.Input((None, None, 3)), keras.layers.Resizing(4, 5), keras.layers.Flatten()]
    schema = Schema({"image": Image(), "label": ClassLabel(("a", "b"))}, ("label",))

    inside, before = fixed(keras.Sequential([*layers, keras.layers.Dense(2)]), schema)

    assert [type(layer).__name__ for layer in before] == ["Resizing"]
    assert inside.input_shape == (None, 4, 5, 3)
