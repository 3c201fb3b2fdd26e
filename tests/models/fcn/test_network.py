"""The fully convolutional network: coarse maps that are summed where their pixels are."""

import keras
import numpy as np
import pytest
from pydantic import ValidationError

from components.layers.pyramid import pyramid
from components.models.fcn import Fcn
from components.models.fcn.network import fcn, grown, summed


@pytest.mark.parametrize("size", [(64, 64), (37, 53), (8, 8), (33, 64), (31, 9)])
@pytest.mark.parametrize("skips", [0, 2, 3])
def test_each_pixel_gets_features_whatever_the_size(size, skips):
    inputs = keras.Input((*size, 3))

    model = keras.Model(inputs, fcn(inputs, (4, 8, 16, 32), 1, 6, skips, 0.1))

    assert np.asarray(model(np.zeros((2, *size, 3), np.float32))).shape == (2, *size, 6)


def test_the_section_builds_it():
    config = Fcn(architecture="fcn", filters=(4, 8), convolutions=1, features=5, skips=1)

    assert (config.gives, config.takes_images, config.title) == ("map", True, "fcn")
    assert config.build(keras.Input((9, 7, 3))).shape == (None, 9, 7, 5)


def test_more_skips_than_maps_are_a_mistake_of_the_section():
    with pytest.raises(ValidationError, match="2 maps have at most 1"):
        Fcn(architecture="fcn", filters=(4, 8), skips=2)


def test_more_skips_than_maps_are_refused():
    inputs = keras.Input((16, 16, 1))

    with pytest.raises(ValueError) as caught:  # noqa: PT011
        summed(inputs, pyramid(inputs, (4, 8), 1), 3, 2, 0.0)

    assert str(caught.value) == "2 maps have at most 1 skips. Received: 2"


def test_growing_keeps_pixels_in_place():
    """A ramp, averaged over cells of eight, is the same ramp again, but at its ends."""
    ramp = np.arange(37, dtype=np.float32)
    cells = np.array([ramp[start : start + 8].mean() for start in range(0, 32, 8)] + [35.5])
    inputs, like = keras.Input((5, 1, 1)), keras.Input((37, 1, 1))
    model = keras.Model([inputs, like], grown(inputs, like))

    found = np.asarray(model([cells.reshape(1, 5, 1, 1), np.zeros((1, 37, 1, 1))])).ravel()

    assert found[4:36] == pytest.approx(ramp[4:36])


def test_nine_pixels_are_two_of_stride_eight():
    """Of stride 5, as the sizes alone suggest, the edge of the first would be pixel 5."""
    coarse, like = keras.Input((2, 1, 1)), keras.Input((9, 1, 1))
    model = keras.Model([coarse, like], grown(coarse, like))

    found = model([np.float32([0, 1]).reshape(1, 2, 1, 1), np.zeros((1, 9, 1, 1))])

    assert np.asarray(found).ravel()[[0, 3]] == pytest.approx(0)
    assert np.asarray(found).ravel()[8] == pytest.approx(0.5625)


def test_any_pyramid_can_be_summed():
    inputs = keras.Input((40, 24, 3))
    strided = keras.layers.Conv2D(5, 3, strides=4, padding="same")(inputs)
    deeper = keras.layers.Conv2D(7, 3, strides=4, padding="same")(strided)

    assert summed(inputs, [strided, deeper], 3, 1, 0.0).shape == (None, 40, 24, 3)
