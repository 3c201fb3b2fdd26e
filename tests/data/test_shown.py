"""Examples as people see them."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from components.data import shown
from components.data.dataset import Split
from components.data.features.class_label import ClassLabel
from components.data.features.image import Image
from components.data.features.mask import Mask
from components.data.schema import Schema
from components.show import pictures

IMAGE = Image((6, 9, 1), "float32", is_file=False)


@pytest.fixture
def masked():
    random = np.random.default_rng(0)
    columns = {"image": random.random((4, 6, 9, 1)), "mask": random.integers(0, 2, (4, 3, 5))}
    return Split(Schema({"image": IMAGE, "mask": Mask("ab").after((3, 5))}, ("mask",)), columns)


def test_a_mask_is_drawn_over_its_image(masked):
    (first, _) = shown.draws(masked, np.array([2, 0]))
    axes = Figure().subplots()

    first(axes)

    image, mask = axes.images
    assert image.get_array().shape == (6, 9)
    assert mask.get_array().shape == (3, 5, 3)
    assert image.get_extent() == mask.get_extent()


def test_below_masks_the_colours_are_named(masked):
    drawn = shown.draws(masked, np.arange(4))

    figure = shown.explain(pictures.grid(drawn, [""] * 4, columns=4), masked.schema)

    assert [one.get_text() for one in figure.legends[0].get_texts()] == ["a", "b"]


def test_without_masks_there_is_nothing_to_explain():
    schema = Schema({"image": IMAGE, "label": ClassLabel("ab")}, ("label",))
    columns = {"image": np.zeros((2, 6, 9, 1)), "label": np.arange(2)}
    (draw, _) = shown.draws(Split(schema, columns), np.arange(2))
    figure = Figure()

    draw(figure.subplots())

    assert len(figure.axes[0].images) == 1
    assert shown.explain(figure, schema).legends == []
