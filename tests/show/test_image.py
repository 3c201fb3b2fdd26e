"""How people see an image."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from components.show.image import LARGE, displayable, draw, thumbnail


def test_values_are_stretched_to_their_own_range():
    image = np.array([[[-3.0], [0.0]], [[1.0], [5.0]]])

    assert displayable(image).tolist() == [[0, 0.375], [0.5, 1]]
    assert displayable(np.full((2, 2, 3), 7)).tolist() == [[[0] * 3] * 2] * 2


def test_of_five_channels_three_are_shown_and_of_a_large_image_a_part():
    assert displayable(np.zeros((4, 4, 5))).shape == (4, 4, 3)
    assert displayable(np.zeros((3 * LARGE, LARGE, 3))).shape == (LARGE, -(-LARGE // 3), 3)


@pytest.mark.parametrize("channels", [1, 3])
def test_an_image_is_drawn_as_it_is_shown(channels):
    image = np.random.default_rng(0).random((6, 5, channels))
    axes = Figure().subplots()

    draw(axes, image)

    assert np.array_equal(axes.images[0].get_array(), displayable(image))


@pytest.mark.parametrize("channels", [1, 3, 5])
def test_a_thumbnail_of_8_bits_keeps_its_values(channels):
    image = np.full((40, 80, channels), 128, np.uint8)

    small = np.asarray(thumbnail(image, 20))

    assert small.shape[:2] == (10, 20)
    assert np.unique(small).tolist() == [128]
