"""The pictures: they are drawn for every kind of data, in the same bytes."""

import numpy as np
import pytest
from PIL import Image

from components import pictures
from components.dataset import Facts, Split


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


def test_every_compressed_model_is_a_point():
    model = {"size_bytes": 2000, "latency_ms": 0.1, "accuracy": 0.9}

    figure = pictures.tradeoff([{"method": "float16", **model}, {"method": "int8", **model}])

    assert [text.get_text() for text in figure.axes[0].texts] == ["float16", "int8"]
    assert len(figure.axes[0].collections[0].get_offsets()) == 2
