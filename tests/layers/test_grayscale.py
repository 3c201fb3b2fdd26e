"""Grey images against the equation."""

import re

import numpy as np
import pytest

from components.layers.grayscale import Grayscale


@pytest.fixture
def pictures():
    return np.random.default_rng(0).integers(0, 256, (4, 5, 6, 3), np.uint8)


def test_grey_is_its_equation_and_not_rounded(pictures):
    result = np.asarray(Grayscale()(pictures))

    expected = pictures.astype(np.float64) @ np.array([[0.2989], [0.587], [0.114]])
    assert result.dtype == np.float32
    assert result == pytest.approx(expected, abs=1e-4)


def test_a_grey_image_passes(pictures):
    grey = pictures[..., :1]

    result = np.asarray(Grayscale()(grey))

    assert result.dtype == np.float32
    assert np.array_equal(result, grey)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_layer_is_saved(check_saving, pictures, channels):
    check_saving(Grayscale(), pictures[..., :channels])


def test_other_channels_are_refused(pictures):
    message = "Input must have 1 or 3 channels. Received: input_shape=(4, 5, 6, 2)"

    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Grayscale()(pictures[..., :2])
