"""What regression gives a learner."""

import keras
import numpy as np
import pytest

from components.base.errors import Mistakes
from components.data.dataset import Split
from components.data.features.value import Value
from components.data.schema import Schema
from tests.tasks.regression.made import regression

SCHEMA = Schema({"point": Value("float32", (2,)), "price": Value("float64")}, ("price",))
PRICES = np.array([100.0, 300, 400, 200])


def head(prices=PRICES, task="regression", loss=None):
    file = regression(task=task, **({"loss": loss} if loss else {}))
    points = np.zeros((len(prices), 2), np.float32)
    return file.task.head(file, Split(SCHEMA, {"point": points, "price": prices}))


def served(found, values):
    """What the last layers make of what the network says."""
    (layer,) = found.finish(None)
    return np.asarray(layer(np.asarray(values, np.float32)))


def test_the_network_learns_standard_deviations_from_the_mean():
    found = head()

    targets = found.targets({"price": PRICES})

    expected = (PRICES - PRICES.mean()) / PRICES.std()
    assert targets.dtype == np.float32
    assert targets == pytest.approx(expected[:, None], rel=1e-6)


def test_what_is_served_is_in_the_units_of_the_target_again():
    found = head()

    assert served(found, found.targets({"price": PRICES})) == pytest.approx(PRICES[:, None])


def test_targets_may_be_learned_as_they_are():
    found = head(task={"regression": {"standardize_target": False}})

    assert found.targets({"price": PRICES}).ravel().tolist() == PRICES.tolist()
    assert served(found, [[7.0]]).tolist() == [[7.0]]


def test_a_target_that_is_always_the_same_is_only_centred():
    prices = np.full(4, 250.0)
    found = head(prices)

    assert found.targets({"price": prices}).ravel().tolist() == [0, 0, 0, 0]
    assert served(found, [[0.0]]).tolist() == [[250.0]]


def test_the_head_is_one_number_without_an_activation_in_float32():
    inputs = keras.Input((2,))

    model = keras.Model(inputs, head().attach(inputs))

    assert model.output_shape == (None, 1)
    assert model.layers[-1].activation is keras.activations.linear
    assert model.layers[-1].compute_dtype == "float32"


def test_a_regression_is_fitted_by_the_squared_error_unless_the_file_says_otherwise():
    assert type(head().loss) is keras.losses.MeanSquaredError
    huber = head(loss={"Huber": {"delta": 2.5}}).loss
    assert type(huber) is keras.losses.Huber
    assert float(huber([[0.0]], [[10.0]])) == 2.5 * 10 - 2.5**2 / 2
    assert [one.name for one in head().metrics] == ["mae"]


PICKY = """\
import keras


class Picky(keras.losses.Loss):
    def __init__(self, margin=1.0):
        raise ValueError(f"a margin of {margin}")
"""


def test_what_a_loss_says_of_its_arguments_is_a_mistake_with_its_place(tmp_path, monkeypatch):
    (tmp_path / "picky_regression_loss.py").write_text(PICKY)
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(Mistakes, match=r"^\S+_loss.py:6: a margin of 3\.0$") as caught:
        head(loss={"picky_regression_loss:Picky": {"margin": 3.0}})

    assert caught.value.problems[0].location == ("train", "loss")
