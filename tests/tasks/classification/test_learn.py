"""What classification gives a learner."""

import keras
import numpy as np
import pytest

from components.base.errors import Mistakes
from components.data.dataset import empty
from components.data.features.class_label import ClassLabel
from components.data.features.value import Value
from components.data.schema import Schema
from components.tasks.classification import HEADS, SPARSE, UNFIT
from tests.fitting.made import SECTIONS, pipeline

SCHEMA = Schema({"point": Value("float32", (2,)), "kind": ClassLabel("abc")}, ("kind",))
EVERY = {
    name
    for name, one in vars(keras.losses).items()
    if isinstance(one, type) and one is not keras.losses.Loss
}
ACTIVATIONS = ("softmax", "sigmoid", "linear")


def head(loss=None, activation="softmax"):
    train = {**SECTIONS["train"], **({"loss": loss} if loss else {})}
    task = {"classification": {"head_activation": activation}}
    file = pipeline(train=train, task=task)
    return file.task.head(file, empty(SCHEMA))


def headed(activation):
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, activation)])


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_a_head_that_gives_probabilities_is_left_as_it_is(activation):
    assert head().finish(headed(activation)) == []


def test_a_linear_head_gets_a_softmax_of_its_own():
    (layer,) = head().finish(headed("linear"))

    logits = np.array([[1.0, 2.0, 3.0]], np.float32)
    expected = np.exp(logits) / np.exp(logits).sum()
    assert np.asarray(layer(logits)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("loss", "activation"),
    [
        (None, "softmax"),
        ("BinaryCrossentropy", "sigmoid"),
        ("CategoricalHinge", "linear"),
    ],
)
def test_the_head_has_a_unit_a_class_and_the_activation_of_the_file(loss, activation):
    inputs = keras.Input((2,))

    model = keras.Model(inputs, head(loss, activation).attach(inputs))

    assert model.output_shape == (None, 3)
    assert model.layers[-1].activation is getattr(keras.activations, activation)
    assert model.layers[-1].compute_dtype == "float32"


@pytest.mark.parametrize("name", [None, *SPARSE])
def test_a_sparse_loss_takes_labels(name):
    found = head(name)

    assert found.targets({"kind": np.array([2, 0])}).tolist() == [2, 0]
    assert type(found.loss).__name__ == (name or SPARSE[0])
    assert isinstance(found.metrics[0], keras.metrics.SparseCategoricalAccuracy)


def test_every_other_loss_takes_one_hot_targets():
    found = head("CategoricalHinge", "linear")

    assert found.targets({"kind": np.array([2, 0])}).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert isinstance(found.loss, keras.losses.CategoricalHinge)
    assert isinstance(found.metrics[0], keras.metrics.CategoricalAccuracy)


@pytest.mark.parametrize("name", sorted(EVERY - UNFIT.keys()))
def test_each_loss_of_keras_that_the_check_lets_pass_takes_its_targets(name):
    found = head(name, HEADS.get(name, "softmax"))
    targets = found.targets({"kind": np.array([2, 0, 1, 1])})

    right, wrong = (
        float(found.loss(targets, 0.8 * np.eye(3, dtype=np.float32)[said] + 0.1))
        for said in ([2, 0, 1, 1], [0, 1, 2, 2])
    )

    assert -1 <= right < wrong < np.inf


PICKY = """\
import keras


class Picky(keras.losses.Loss):
    def __init__(self, margin=1.0):
        raise ValueError(f"a margin of {margin}")
"""


def test_what_a_loss_says_of_its_arguments_is_a_mistake_with_its_place(tmp_path, monkeypatch):
    (tmp_path / "picky_loss.py").write_text(PICKY)
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(Mistakes, match=r"^\S+/picky_loss.py:6: a margin of 3\.0$") as caught:
        head({"picky_loss:Picky": {"margin": 3.0}})

    assert caught.value.problems[0].location == ("train", "loss")
