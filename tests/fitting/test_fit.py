"""Fitting a small model to small data."""

import keras
import numpy as np
import pytest

from components.dataset import Facts, Split
from components.errors import Mistakes
from components.fitting.augmentation import on_host, within
from components.fitting.batches import Batches
from components.fitting.config import Fitting
from components.fitting.fit import Data, Diverged, best_epoch, fit
from components.models.config import Mlp


@pytest.fixture
def data():
    """Two classes of points that a line parts."""
    points = np.random.default_rng(0).normal(size=(80, 2)).astype(np.float32)
    labels = (points.sum(axis=1) > 0).astype(np.int64)
    augmentation = keras.Sequential([keras.Input((2,)), keras.layers.GaussianNoise(0.05)])
    facts = Facts((2,), "float32", ("below", "above"), {"train": 60, "validation": 20})
    return Data(
        Split(points[:60], labels[:60]), Split(points[60:], labels[60:]), facts, augmentation
    )


@pytest.fixture(autouse=True)
def _policy():
    yield
    keras.config.set_dtype_policy("float32")


def fitted(data, seed=0, **settings):
    config = Fitting.model_validate(
        {"epochs": 8, "batch_size": 16, "learning_rate": 0.05, **settings}
    )
    model = Mlp(architecture="mlp", units=(8,))
    return fit(config, model, data, seed)


def test_it_learns(data):
    result = fitted(data)

    assert result.history["val_accuracy"][result.best] > 0.9


def test_the_same_seed_gives_the_same_model(data):
    first, again, other = (fitted(data, seed) for seed in (3, 3, 4))

    assert first.history == again.history
    assert all(map(np.array_equal, first.model.get_weights(), again.model.get_weights()))
    assert first.history != other.history


def test_the_weights_are_those_of_the_best_epoch(data):
    result = fitted(data, learning_rate=1.0)

    result.model.compile(loss="sparse_categorical_crossentropy")
    loss = result.model.evaluate(data.validation.array, data.validation.labels, verbose=0)

    assert loss == pytest.approx(min(result.history["val_loss"]), rel=1e-4)


def test_a_training_that_does_not_improve_stops_early(data):
    result = fitted(
        data,
        epochs=50,
        learning_rate=1e-9,
        early_stopping={"monitor": "loss", "patience": 2, "min_delta": 0.1},
    )

    assert len(result.history["loss"]) == 3


@pytest.mark.parametrize("loss", ["CategoricalCrossentropy", "CategoricalFocalCrossentropy"])
def test_a_loss_that_wants_one_hot_targets_gets_them(data, loss):
    assert fitted(data, loss=loss).history["val_accuracy"][-1] > 0.9


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16", "bfloat16"])
def test_a_half_precision_learns_and_its_head_stays_whole(data, precision):
    result = fitted(data, precision=precision)

    assert result.history["val_accuracy"][result.best] > 0.85
    assert result.model.layers[-1].compute_dtype == "float32"


def test_what_keras_refuses_is_a_mistake_with_its_place(data):
    with pytest.raises(Mistakes, match="weight_decay") as caught:
        fitted(data, optimizer={"AdamW": {"weight_decay": None}})

    assert caught.value.problems[0].location == ("train", "optimizer")


def test_a_loss_that_is_no_number_stops_with_advice(data):
    with pytest.raises(Diverged) as caught:
        fitted(data, optimizer="SGD", learning_rate=1e30)

    assert str(caught.value) == (
        "train: the loss is not a number in epoch 1; "
        "a lower train.learning_rate, a warm-up or clipnorm keeps it finite"
    )


def test_accuracy_is_best_high_and_loss_low():
    history = {"val_accuracy": [0.1, 0.9, 0.8], "val_loss": [3.0, 2.0, 1.0]}

    assert best_epoch(history, "val_accuracy") == 1
    assert best_epoch(history, "val_loss") == 2


def test_the_model_that_is_fitted_is_never_the_model_itself(data):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    nothing = keras.Sequential([keras.Input((2,))])

    assert within(model, nothing) is not model
    assert within(model, data.augmentation).layers == [data.augmentation, model]
    assert on_host(data.augmentation) is None


def test_every_example_is_in_an_epoch_once():
    batches = Batches(np.arange(10)[:, None], np.arange(10), batch_size=4, seed=0)

    labels = np.concatenate([batches[position][1] for position in range(len(batches))])

    assert [len(batches[position][1]) for position in range(3)] == [4, 4, 2]
    assert sorted(labels) == list(range(10))


def test_the_order_follows_from_seed_and_epoch():
    first, again = (Batches(np.zeros(100), np.arange(100), 10, seed=1) for _ in range(2))

    before = first.order.copy()
    first.on_epoch_end()
    again.on_epoch_end()

    assert first.order.tolist() == again.order.tolist() != before.tolist()


def test_without_a_seed_the_order_stays():
    batches = Batches(np.zeros(5), np.arange(5), 2)
    batches.on_epoch_end()

    assert batches.order.tolist() == [0, 1, 2, 3, 4]
