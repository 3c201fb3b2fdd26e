"""Every family of architectures."""

import numpy as np
import pytest
from keras import layers
from pydantic import TypeAdapter

from components.base.errors import Mistakes
from components.config.models import Config
from components.models.build import build
from components.models.halving import check_halvings


def made(section, shape=(8, 8, 1), units=3):
    return build(TypeAdapter(Config).validate_python(section), shape, units, "softmax")


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


def test_an_image_is_halved_down_to_a_pixel_and_no_further():
    check_halvings(np.zeros((1, 9, 8, 1)), 3, "3 stages")

    message = "^3 stages halve images of 9x7 to less than a pixel$"
    with pytest.raises(ValueError, match=message):
        check_halvings(np.zeros((1, 9, 7, 1)), 3, "3 stages")


def test_each_stage_after_the_first_halves_the_image():
    model = made({"architecture": "resnet", "blocks": [1, 1, 1], "filters": 2}, (16, 16, 1))

    sizes = [layer.output.shape[1] for layer in model.layers if isinstance(layer, layers.Add)]

    assert sizes == [16, 8, 4]


def test_a_network_too_deep_for_the_image_says_so():
    with pytest.raises(Mistakes, match=r"^does not fit examples of shape \(2, 2, 1\): ") as caught:
        made({"architecture": "cnn", "filters": [2, 2, 2]}, (2, 2, 1))

    assert caught.value.problems[0].location == ("model",)
