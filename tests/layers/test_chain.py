"""Layers of a list in a pipeline file, as one model."""

import keras
import numpy as np
import pytest

from components.base.errors import Mistakes
from components.layers.chain import chain, links


def test_layers_of_one_tensor_are_links():
    layers = [keras.layers.Rescaling(2.0), keras.layers.Rescaling(1.0, offset=1.0)]

    model = chain(keras.Input((2,)), layers, ("preprocess",), "both")

    assert list(links(model)) == layers
    assert model(np.ones((1, 2), np.float32)).numpy().tolist() == [[3, 3]]


def test_layers_of_several_columns_are_one_link():
    inputs = {name: keras.Input((1,), name=name) for name in ("a", "b")}

    class Together(keras.layers.Layer):
        def call(self, columns):
            return keras.ops.concatenate([columns["a"], columns["b"]], axis=-1)

    model = chain(inputs, [Together(), keras.layers.Rescaling(2.0)], ("preprocess",), "both")

    assert list(links(model)) == [model]
    given = {"a": np.ones((1, 1), np.float32), "b": np.zeros((1, 1), np.float32)}
    assert model(given).numpy().tolist() == [[2, 0]]


def test_a_layer_that_does_not_take_what_it_is_given_is_named_by_its_place():
    layers = [keras.layers.Rescaling(2.0), keras.layers.Conv2D(1, 3)]

    with pytest.raises(Mistakes) as caught:
        chain(keras.Input((2,)), layers, ("preprocess",), "both")

    (problem,) = caught.value.problems
    assert problem.location == ("preprocess", 1)
