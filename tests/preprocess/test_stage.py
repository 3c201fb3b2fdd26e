"""Fitting preprocessing layers, one after the other."""

import keras
import numpy as np
import pytest

from components.dataset import Facts, Split
from components.errors import Mistakes
from components.layers import ZCAWhitening
from components.preprocess.stage import as_model, fit, transform
from components.section import Layer, build_all

FACTS = Facts((2, 2, 1), "uint8", ("a", "b"), {"train": 50})


@pytest.fixture
def split():
    images = np.random.default_rng(0).integers(0, 256, (50, 2, 2, 1), np.uint8)
    return Split(images, np.arange(50) % 2)


def test_each_layer_is_fitted_to_what_the_one_before_leaves(split):
    layers = [keras.layers.Rescaling(1 / 255), keras.layers.Normalization(), ZCAWhitening()]

    fit(layers, split, FACTS)
    ready = transform(layers, split, FACTS)

    assert ready.array.dtype == np.float32
    assert np.asarray(layers[1].mean).item() == pytest.approx(split.array.mean() / 255, rel=1e-5)
    assert np.cov(ready.array.reshape(50, -1).T) == pytest.approx(np.eye(4), abs=1e-2)


def test_the_model_does_what_the_layers_did(split):
    layers = [keras.layers.Rescaling(1 / 255), ZCAWhitening()]
    fit(layers, split, FACTS)

    model = as_model(layers, FACTS)

    ready = transform(layers, split, FACTS).array
    assert np.asarray(model(split.array)) == pytest.approx(ready, abs=1e-5)


def test_no_layers_only_change_the_type(split):
    assert np.array_equal(transform([], split, FACTS).array, split.array.astype(np.float32))


def test_what_keras_refuses_is_named_for_every_layer():
    named = [Layer.model_validate(one) for one in ({"ZCAWhitening": {"epsilon": 0}}, "Flatten")]

    with pytest.raises(Mistakes) as caught:
        build_all(named, ("preprocess",), dtype="float32")

    (problem,) = caught.value.problems
    assert problem.location == ("preprocess", 0, "ZCAWhitening")
    assert problem.message == "Argument `epsilon` must be > 0. Received: epsilon=0"
