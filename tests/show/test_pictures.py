"""The pictures: they are drawn for every kind of data, in the same bytes."""

import numpy as np
import pytest
from PIL import Image

from components.data.dataset import Facts, Split
from components.show import pictures


@pytest.mark.parametrize("shape", [(6, 5, 1), (6, 5, 3), (9,)], ids=["grey", "colour", "vector"])
def test_a_dataset_is_pictured_in_the_same_bytes(tmp_path, shape):
    inputs = np.random.default_rng(0).random((20, *shape)).astype(np.float32)
    split = Split(inputs, np.arange(20) % 3)
    facts = Facts(shape, "float32", ("a", "b", "c"), {"train": 20})

    for name in ("one.png", "two.png"):
        pictures.save(pictures.examples(split, facts), tmp_path / name)
    pictures.save(pictures.grid(list(inputs[:5]), ["title"] * 5, columns=3), tmp_path / "grid.png")

    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    with Image.open(tmp_path / "grid.png") as grid:
        assert grid.size[0] > 100


def test_the_kept_epoch_is_marked_and_the_words_are_the_title():
    history = {name: [1.0, 0.5] for name in ("loss", "val_loss", "accuracy", "val_accuracy")}

    figure = pictures.learning_curves(history, 1, "what the curves say")

    assert figure.get_suptitle() == "what the curves say"
    assert [line.get_xdata()[0] for axes in figure.axes for line in axes.lines[2:]] == [2, 2]


def compressed(method, drop, refused=None):
    return {
        "method": method,
        "size_bytes": 2000,
        "accuracy_drop": drop,
        "accuracy_drop_low": drop - 0.01,
        "accuracy_drop_high": drop + 0.01,
        "refused": refused,
    }


def test_every_compressed_model_has_a_row_of_its_own():
    models = [compressed("float32", 0.0), compressed("int8", 0.0), compressed("pruned", 0.3, "no")]
    models.append({"method": "broken", "size_bytes": None, "refused": "cannot be exported"})

    figure = pictures.tradeoff(models, 0.02)

    left, right = figure.axes
    names = [label.get_text() for label in left.get_yticklabels()]
    assert names == ["float32", "int8", "pruned (left out)"]
    assert left.get_xlim()[0] == 0
    assert len(right.lines) == 2 * 3 + 2


def test_an_accuracy_is_drawn_no_further_than_it_can_be():
    history = {name: [0.5, 1.0] for name in ("loss", "accuracy", "val_loss", "val_accuracy")}

    loss, accuracy = pictures.learning_curves(history, 1, "fine").axes

    assert accuracy.get_ylim()[1] == 1
    assert loss.get_ylim()[1] > 1
