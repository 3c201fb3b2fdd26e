"""What a report shows of a regression."""

import numpy as np
import pytest

from components.data.dataset import Split
from components.data.features.image import Image
from components.data.features.value import Value
from components.data.schema import Schema
from components.tasks.regression import Regression

PRICE = Value("float64")
IMAGES = Schema({"image": Image((4, 4, 1), "uint8", is_file=False), "price": PRICE}, ("price",))
NUMBERS = Schema({"width": Value(), "price": PRICE}, ("price",))
TARGETS = np.array([10.0, 20, 30, 40, 50])
ANSWERS = np.array([11, 20, 23, 49, 50.5], np.float32)
WORST = "Worst, the largest error first"


@pytest.fixture
def images():
    pixels = np.arange(80, dtype=np.uint8).reshape(5, 4, 4, 1)
    names = [f"{row}.png" for row in range(5)]
    return Split(IMAGES, {"image": pixels, "price": TARGETS}, names, np.array([9, 3, 4, 7, 8]))


@pytest.fixture
def numbers():
    return Split(NUMBERS, {"width": np.arange(5, dtype=np.float32), "price": TARGETS})


def figures(split, shown=10):
    task = Regression()
    return task.figures(task.measure(ANSWERS, split), ANSWERS, split, shown)


def test_residuals_are_drawn_with_the_name_of_the_target(numbers):
    drawn = figures(numbers)

    assert list(drawn) == ["Residuals"]
    assert drawn["Residuals"].axes[0].get_xlabel() == "true price"
    assert drawn["Residuals"].axes[0].collections[0].get_offsets().tolist() == [
        [truth, said] for truth, said in zip(TARGETS.tolist(), ANSWERS.tolist(), strict=True)
    ]


def test_of_pictures_the_worst_are_shown_with_what_was_said_of_them(images):
    drawn = figures(images, shown=3)

    assert list(drawn) == ["Residuals", WORST]
    titles = [one.get_title() for one in drawn[WORST].axes if one.get_title()]
    assert titles == ["40\nsaid 49", "30\nsaid 23", "10\nsaid 11"]


def test_the_table_has_every_prediction(images):
    task = Regression()

    ((name, (columns, rows)),) = task.tables(None, ANSWERS, images).items()

    assert (name, columns) == ("predictions", ["row", "name", "target", "predicted"])
    assert list(rows) == [
        (9, "0.png", 10.0, 11.0),
        (3, "1.png", 20.0, 20.0),
        (4, "2.png", 30.0, 23.0),
        (7, "3.png", 40.0, 49.0),
        (8, "4.png", 50.0, 50.5),
    ]


def test_examples_without_names_are_told_by_their_rows(numbers):
    _, rows = Regression().tables(None, ANSWERS, numbers)["predictions"]

    assert [row[:2] for row in rows] == [(0, ""), (1, ""), (2, ""), (3, ""), (4, "")]


def test_there_is_no_small_table(numbers):
    assert Regression().summary(Regression().measure(ANSWERS, numbers)) == {}
