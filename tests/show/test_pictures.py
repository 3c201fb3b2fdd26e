"""The pictures: they are drawn for every kind of data, in the same bytes."""

from functools import partial

import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image

from components.show import classes, image, pictures


@pytest.mark.parametrize("shape", [(6, 5, 1), (6, 5, 3), (9,)], ids=["grey", "colour", "vector"])
def test_a_grid_is_pictured_in_the_same_bytes(tmp_path, shape):
    values = np.random.default_rng(0).random((5, *shape)).astype(np.float32)
    is_image = len(shape) == 3
    draws = [
        partial(image.draw, value=value) if is_image else pictures.as_row(value) for value in values
    ]

    for name in ("one.png", "two.png"):
        pictures.save(pictures.grid(draws, ["title"] * 5, columns=3), tmp_path / name)

    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    with Image.open(tmp_path / "one.png") as grid:
        assert grid.size[0] > 100


def test_a_vector_is_a_row_of_pixels():
    figure = pictures.grid([pictures.as_row(np.arange(6).reshape(2, 3))], ["title"], columns=3)

    (axes,) = figure.axes
    assert axes.images[0].get_array().tolist() == [[0, 1, 2, 3, 4, 5]]
    assert axes.get_title() == "title"


def test_nothing_is_a_grid_without_a_picture():
    (axes,) = pictures.grid([], [], columns=8).axes

    assert list(axes.images) == []


def test_a_column_is_drawn_by_what_it_holds():
    columns = {
        "width": np.array([1.0, 2.0, 2.0, np.nan, np.inf]),
        "place": np.array(["north", "south", "north"]),
        "many": np.array([str(number) for number in range(20)]),
    }

    width, place, many = pictures.histograms(columns).axes

    assert [axes.get_title() for axes in (width, place, many)] == ["width", "place", "many"]
    assert sum(bar.get_height() for bar in width.patches) == 3
    assert [bar.get_height() for bar in place.patches] == [2, 1]
    assert len(many.patches) == 12


def test_a_column_of_which_nothing_is_known_is_drawn_all_the_same():
    (axes,) = pictures.histograms({"width": np.full(3, np.nan)}).axes

    assert sum(bar.get_height() for bar in axes.patches) == 0


HISTORY = {name: [1.0, 0.5] for name in ("loss", "val_loss", "accuracy", "val_accuracy")}
ENDS = {"loss": None, "accuracy": 1.0}


def test_the_kept_epoch_is_marked_and_the_words_are_the_title():
    figure = pictures.learning_curves(HISTORY, 1, "what the curves say", ENDS)

    assert figure.get_suptitle() == "what the curves say"
    assert [line.get_xdata()[0] for axes in figure.axes for line in axes.lines[2:]] == [2, 2]


def test_a_curve_without_a_validation_split_is_alone():
    (axes,) = pictures.learning_curves({"loss": [1.0, 0.5]}, 0, "fine", {}).axes

    assert [line.get_label() for line in axes.lines] == ["train", "kept"]


def compressed(method, drop, refused=None):
    return {
        "method": method,
        "size_bytes": 2000,
        "drop": drop,
        "drop_low": drop - 0.01,
        "drop_high": drop + 0.01,
        "refused": refused,
    }


def test_every_compressed_model_has_a_row_of_its_own():
    models = [compressed("float32", 0.0), compressed("int8", 0.0), compressed("pruned", 0.3, "no")]
    models.append({"method": "broken", "size_bytes": None, "refused": "cannot be exported"})

    figure = pictures.tradeoff(models, 0.02, "accuracy")

    left, right = figure.axes
    names = [label.get_text() for label in left.get_yticklabels()]
    assert names == ["float32", "int8", "pruned (left out)"]
    assert left.get_xlim()[0] == 0
    assert len(right.lines) == 2 * 3 + 2
    assert right.get_xlabel() == "test accuracy lost, with 95 % interval"


def test_an_accuracy_is_drawn_no_further_than_it_can_be():
    history = {name: [0.5, 1.0] for name in ("loss", "accuracy", "val_loss", "val_accuracy")}

    loss, accuracy = pictures.learning_curves(history, 1, "fine", ENDS).axes

    assert accuracy.get_ylim()[1] == 1
    assert loss.get_ylim()[1] > 1


NAMES = ["<=$50K_x", "$50K_$100K", "$\\frac$"]
PICTURES = {
    "a matrix": lambda: classes.confusion(np.eye(3, dtype=int), NAMES),
    "a grid": lambda: pictures.grid([pictures.as_row(np.arange(3))] * 3, NAMES, columns=3),
    "columns": lambda: pictures.histograms({name: np.array(NAMES) for name in NAMES}),
    "classes": lambda: pictures.balance(dict.fromkeys(NAMES, 3), {n: [] for n in NAMES}, NAMES[1]),
    "texts": lambda: pictures.lines(NAMES),
    "curves": lambda: pictures.learning_curves({name: [1.0] for name in NAMES}, 0, NAMES[1], {}),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_name_with_dollars_is_shown_as_it_is_and_is_no_formula(tmp_path, name):
    figure = PICTURES[name]()

    pictures.save(figure, tmp_path / "one.png")

    shown = [text for text in figure.findobj(Text) if text.get_text() in NAMES]
    assert {text.get_text() for text in shown} >= {NAMES[1]}
    assert not any(text.get_parse_math() for text in shown)
