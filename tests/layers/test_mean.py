"""Mean subtraction against NumPy."""

import re

import numpy as np
import pytest

from components.layers.mean import MeanSubtraction

AXES = [
    pytest.param(-1, (0, 1, 2), id="per channel"),
    pytest.param((1, 2, 3), (0,), id="per pixel"),
    pytest.param([3, -3], (0, 2), id="per row and channel, in any order"),
    pytest.param(None, (0, 1, 2, 3), id="one for all"),
]


@pytest.mark.parametrize(("axis", "pooled"), AXES)
def test_the_mean_of_the_train_split_is_subtracted(images, axis, pooled):
    layer = MeanSubtraction(axis)
    layer.adapt([images[:50], images[50:]])

    result = np.asarray(layer(images))

    exact = images.astype(np.float64)
    assert result == pytest.approx(exact - exact.mean(pooled, keepdims=True), abs=1e-5)


@pytest.mark.parametrize("axis", [0, 4, -4, (1, 7)])
def test_an_axis_that_is_none_is_refused(images, axis):
    message = (
        "Argument `axis` must name axes of the input, less the first. "
        f"Received: axis={axis}, input_shape=(200, 2, 3, 2)"
    )

    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        MeanSubtraction(axis).adapt([images])


def test_an_axis_of_unknown_length_is_refused():
    message = (
        "Argument `axis` must name axes of known length. "
        "Received: axis=(1, 2, 3), input_shape=(None, None, 8, 3)"
    )

    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        MeanSubtraction((1, 2, 3)).build((None, None, 8, 3))
