"""Every family of architectures."""

import numpy as np
import pytest
from keras import layers

from components.base.errors import Mistakes
from components.data.dataset import empty
from components.data.features.class_label import ClassLabel
from components.data.features.value import Value
from components.data.schema import Schema
from components.fitting.supervised.build import build
from tests.fitting.made import pipeline


def made(section, shape=(8, 8, 1), units=3):
    columns = {"input": Value("float32", shape), "label": ClassLabel(range(units))}
    schema = Schema(columns, ("label",))
    file = pipeline(model=section)
    return build(file.model, schema, file.task.head(file, empty(schema)))


@pytest.mark.parametrize(
    ("section", "shape"),
    [
        ({"architecture": "mlp", "units": [5]}, (7,)),
        ({"architecture": "mlp", "units": [5], "dropout": 0.5}, (4, 4, 3)),
        ({"architecture": "cnn", "filters": [4, 8]}, (9, 7, 1)),
        ({"architecture": "resnet", "blocks": [1, 1], "filters": 4}, (8, 8, 3)),
        ({"architecture": "own_models:own", "arguments": {"width": 4}}, (3, 3, 1)),
    ],
)
def test_an_architecture_gives_one_probability_a_class(section, shape):
    probabilities = np.asarray(made(section, shape)(np.ones((2, *shape), np.float32)))

    assert probabilities.shape == (2, 3)
    assert probabilities.sum(axis=1) == pytest.approx([1, 1], abs=1e-5)


def test_a_resnet_has_the_parameters_of_its_drawing():
    model = made({"architecture": "resnet", "blocks": [1], "filters": 4}, (8, 8, 1), units=2)

    stem, block, norms, head = 9 * 4, 2 * 9 * 4 * 4, 3 * 4 * 4, 4 * 2 + 2
    assert model.count_params() == stem + block + norms + head


def test_each_stage_after_the_first_halves_the_image():
    model = made({"architecture": "resnet", "blocks": [1, 1, 1], "filters": 2}, (16, 16, 1))

    sizes = [layer.output.shape[1] for layer in model.layers if isinstance(layer, layers.Add)]

    assert sizes == [16, 8, 4]


def test_a_network_too_deep_for_the_image_says_so():
    with pytest.raises(Mistakes, match=r"^does not fit examples of shape \(2, 2, 1\): ") as caught:
        made({"architecture": "cnn", "filters": [2, 2, 2]}, (2, 2, 1))

    assert caught.value.problems[0].location == ("model",)
