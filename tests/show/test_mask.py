"""How people see a mask."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from components.show.image import draw
from components.show.mask import LARGE, coloured, over, palette, patches, thumbnail
from components.show.mask import draw as mask_alone


@pytest.mark.parametrize("classes", [2, 7, 8, 21])
def test_no_two_classes_look_alike(classes):
    assert len(np.unique(palette(classes).round(2), axis=0)) == classes


def test_what_counts_for_nothing_is_grey():
    found = coloured(np.array([[0, 1, 255]], np.uint8), 2)

    assert found[0, :2].tolist() == palette(2).tolist()
    assert found[0, 2].round(2).tolist() == [0.5, 0.5, 0.5]


def test_a_mask_lies_over_its_image_whatever_the_size_of_either():
    axes = Figure().subplots()
    draw(axes, np.zeros((30, 50, 3)))

    over(axes, np.zeros((4 * LARGE, 5 * LARGE), np.uint8), 2)

    image, mask = axes.images
    assert image.get_extent() == mask.get_extent()
    assert max(mask.get_array().shape) <= LARGE
    assert 0 < mask.get_alpha() < 1


def test_a_mask_by_itself_has_the_colours_of_its_classes():
    mask = np.repeat(np.array([[0, 1, 255]], np.uint8), 40, axis=0).repeat(40, axis=1)
    axes = Figure().subplots()

    mask_alone(axes, mask)
    small = np.asarray(thumbnail(mask, 30))

    assert np.array_equal(axes.images[0].get_array(), coloured(mask, 2))
    assert small.shape == (10, 30, 3)
    assert len(np.unique(small.reshape(-1, 3), axis=0)) == 3


def test_a_legend_names_each_colour():
    found = patches(("sky", "road"))

    assert [one.get_label() for one in found] == ["sky", "road"]
    assert np.allclose([one.get_facecolor()[:3] for one in found], palette(2))
