"""What a report shows of a segmentation."""

import numpy as np
import pytest

from components.data.dataset import Split
from components.data.features.image import Image
from components.data.features.mask import Mask
from components.data.rows import Values
from components.data.schema import Schema
from components.tasks.segmentation import Segmentation
from tests.tasks.segmentation.made import disc, png

TASK = Segmentation()
SCHEMA = Schema({"image": Image(), "mask": Mask(("ground", "disc"), threshold=128)}, ("mask",))
BARS, WORST = "IoU of each class", "Worst images, the worst first"


@pytest.fixture
def split():
    """Six photos of discs; the masks of the first are half as large as it."""
    drawn = [disc(seed, 24, 20 + 4 * seed) for seed in range(6)]
    masks = [is_disc[::2, ::2] if row == 0 else is_disc for row, (_, is_disc) in enumerate(drawn)]
    columns = {
        "image": Values([png(photo) for photo, _ in drawn]),
        "mask": Values([png(255 * one) for one in masks]),
    }
    return Split(SCHEMA, columns, [f"below/{row}.png" for row in range(6)])


@pytest.fixture
def said():
    """Nothing but ground, except of the fourth image, where all is said to be a disc."""
    found = np.zeros((6, 8, 8), np.uint8)
    found[3] = 1
    return found


def figures(split, said, shown):
    return TASK.figures(TASK.measure(said, split), said, split, shown)


def test_the_worst_images_have_their_names_and_how_bad_they_are(split, said):
    figure = figures(split, said, 2)[WORST]

    names = [one.get_ylabel() for one in figure.axes if one.get_ylabel()]
    assert names[0].startswith("3.png\nmean IoU 0.")
    assert len(names) == 2
    assert len(figure.axes) == 8


def test_no_more_images_are_shown_than_can_be_looked_at(split, said):
    many = split.take(np.tile(np.arange(6), 3))

    assert len(figures(many, np.tile(said, (3, 1, 1)), 99)[WORST].axes) == 8 * 4


def test_an_image_is_shown_at_the_size_of_its_mask(split, said):
    figure = figures(split, said, 6)[WORST]

    rows = {axes.get_ylabel().split("\n")[0]: axes for axes in figure.axes if axes.get_ylabel()}
    assert rows["0.png"].images[0].get_array().shape == (12, 10, 3)
    assert rows["5.png"].images[0].get_array().shape == (24, 40, 3)


def test_the_classes_have_a_bar_each_and_one_for_their_mean(split, said):
    axes = figures(split, said, 1)[BARS].axes[0]

    names = [one.get_text().split("\n")[0] for one in axes.get_yticklabels()]
    assert names == ["ground", "disc", "mean"]
    assert len(axes.patches) == 3


def test_a_row_without_a_name_is_called_by_its_number(split, said):
    nameless = Split(SCHEMA, split.columns)

    figure = figures(nameless, said, 1)[WORST]

    assert figure.axes[0].get_ylabel().startswith("row 3\n")


def test_the_report_has_each_class_with_its_interval(split, said):
    measures = TASK.measure(said, split)

    (columns, rows) = TASK.summary(measures)["Classes"]

    assert columns == ["class", "IoU", "from", "to (95 %)", "share of pixels"]
    assert [row[0] for row in rows] == ["ground", "disc"]
    for row in rows:
        assert row[2] <= row[1] <= row[3]
    assert sum(row[4] for row in rows) == pytest.approx(1)


def test_every_image_has_the_iou_of_each_class_in_it(split, said):
    columns, found = TASK.tables(TASK.measure(said, split), said, split)["images"]

    rows = list(found)
    assert columns == ["row", "name", "ground", "disc"]
    assert [row[:2] for row in rows] == [(row, f"below/{row}.png") for row in range(6)]
    truth = split.decoded("mask", 2)
    assert rows[2][2:] == pytest.approx(((truth == 0).mean(), 0))
    assert rows[3][2:] == pytest.approx((0, (split.decoded("mask", 3) == 1).mean()))


def test_a_class_that_an_image_has_not_and_that_nobody_says_is_right_there():
    columns = {"image": Values([png(np.zeros((2, 2, 3)))]), "mask": Values([png([[0, 0], [0, 0]])])}
    split, said = Split(SCHEMA, columns), np.zeros((1, 2, 2), np.uint8)

    (_, rows) = TASK.tables(TASK.measure(said, split), said, split)["images"]

    assert list(rows) == [(0, "", 1, 1)]
