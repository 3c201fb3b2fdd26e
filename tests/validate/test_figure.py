"""One look at a train split."""

import numpy as np
import pytest
from PIL import Image

from components.data.features.class_label import ClassLabel
from components.data.features.image import Image as Images
from components.data.features.value import Value
from components.show import pictures
from components.validate.figure import overview
from tests.validate.made import arrays, file, photo, tabular


@pytest.mark.parametrize("shape", [(6, 5, 1), (6, 5, 3), (9,)], ids=["grey", "colour", "vector"])
def test_a_dataset_is_pictured_in_the_same_bytes(tmp_path, shape):
    inputs = np.random.default_rng(0).random((20, *shape)).astype(np.float32)
    split = arrays("abc", train=(inputs, np.arange(20) % 3))["train"]

    for name in ("one.png", "two.png"):
        pictures.save(overview(split), tmp_path / name)

    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    with Image.open(tmp_path / "one.png") as picture:
        assert picture.size[0] > 100


def test_classes_have_their_numbers_and_their_first_examples():
    labels = [0, 1, 1] + [0] * 20
    split = arrays(train=(np.random.default_rng(0).random((23, 6, 5, 1)), labels))["train"]

    left, right = overview(split).axes[:2]

    assert [bar.get_width() for bar in left.patches] == [21, 2]
    assert [label.get_text() for label in left.get_yticklabels()] == ["a", "b"]
    assert len(right.child_axes) == 8 + 2


def test_of_many_classes_some_are_shown_and_the_others_counted():
    classes = [f"class {number}" for number in range(15)]
    split = arrays(classes, train=(np.zeros((15, 2)), range(15)))["train"]

    left, right = overview(split).axes

    assert len(left.patches) == 12
    assert left.get_xlabel() == "training examples, 3 more classes"
    assert right.texts[0].get_text() == "2 features an example"


def test_the_columns_of_a_table_are_counted_where_it_has_classes():
    kinds = {"width": Value(), "place": Value("string"), "label": ClassLabel("ab")}
    rows = {"width": [1, 2], "place": ["x", "y"], "label": [0, 1]}

    right = overview(tabular(kinds, train=rows)["train"]).axes[1]

    assert right.texts[0].get_text() == "2 columns"


def test_without_classes_every_column_has_its_distribution():
    kinds = {"width": Value(), "place": Value("string"), "price": Value()}
    rows = {"width": [1, 2, np.nan], "place": ["x", "y", "x"], "price": [3, 4, 5]}

    width, place, price = overview(tabular(kinds, ("price",), train=rows)["train"]).axes

    assert [axes.get_title() for axes in (width, place, price)] == ["width", "place", "price"]
    assert sum(bar.get_height() for bar in width.patches) == 2
    assert [bar.get_height() for bar in place.patches] == [2, 1]


def test_without_classes_pictures_are_shown():
    kinds = {"photo": Images(), "age": Value()}
    rows = {"photo": [file(photo(seed)) for seed in range(3)], "age": [3, 4, 5]}

    figure = overview(tabular(kinds, ("age",), train=rows)["train"])

    assert [len(axes.images) for axes in figure.axes] == [1, 1, 1]


def test_files_in_a_table_have_no_distribution():
    kinds = {"width": Value(), "photo": Images(), "price": Value()}
    rows = {"width": [1, 2], "photo": [file(photo(0))] * 2, "price": [3, 4]}

    figure = overview(tabular(kinds, ("price",), train=rows)["train"])

    assert [axes.get_title() for axes in figure.axes if axes.get_title()] == ["width", "price"]


def test_an_empty_split_is_pictured():
    split = arrays(train=(np.zeros((1, 6, 5, 1)), [0]))["train"].take(np.arange(0))

    assert [bar.get_width() for bar in overview(split).axes[0].patches] == [0, 0]
