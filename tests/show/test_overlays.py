"""What the pictures show."""

import numpy as np
import pytest

from components.show.overlays import class_bars, overlays
from components.tasks.interval import Interval
from components.tasks.pixels import image_iou


def test_an_image_without_a_class_is_not_blamed_for_it():
    assert image_iou(np.array([[[9, 0], [0, 0]], [[0, 0], [0, 0]]])).tolist() == [1, 1]


@pytest.mark.parametrize("channels", [1, 3])
def test_there_are_a_row_for_each_image_and_four_columns(channels):
    images = np.random.default_rng(0).random((3, 40, 50, channels))
    masks = np.zeros((3, 40, 50), np.uint8)
    masks[:, :5] = 255
    said = np.ones_like(masks)

    figure = overlays(images, masks, said, ["x", "y", "z"], ("a", "b"))

    assert len(figure.axes) == 12
    texts = [one.get_text() for one in figure.legends[0].get_texts()]
    assert texts == ["a", "b", "error: another class than in the true mask", "not counted"]
    assert figure.axes[3].get_xlabel() == "100.0% of the pixels"


def test_what_counts_for_nothing_is_no_error_and_looks_like_none():
    mask = np.array([[0, 1, 255, 255]], np.uint8)

    figure = overlays([np.zeros((1, 4, 3))], [mask], [np.array([[0, 0, 0, 1]])], ["x"], ("a", "b"))

    errors = figure.axes[3].images[0].get_array()[0].round(2).tolist()
    assert errors[0] == [0.7, 0.7, 0.7]
    assert errors[1] == [0.84, 0.15, 0.16]
    assert errors[2] == errors[3] == [0.5, 0.5, 0.5]
    assert figure.axes[3].get_xlabel() == "50.0% of the pixels"


def test_wide_images_leave_no_height_empty():
    images, masks = [np.zeros((10, 80, 3))] * 6, [np.zeros((10, 80), np.uint8)] * 6

    figure = overlays(images, masks, masks, ["x"] * 6, ("a", "b"))

    assert figure.get_figheight() < 6


def test_bars_name_classes_and_their_share():
    found = {name: Interval(0.5, 0.4, 0.6) for name in ("cat", "mean")}

    axes = class_bars(found, found, {"cat": 0.25}).axes[0]

    assert [one.get_text() for one in axes.get_yticklabels()] == ["cat\n25.0% of pixels", "mean"]
