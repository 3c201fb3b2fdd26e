"""What classification gives a learner."""

import keras
import numpy as np
import pytest

from components.config.fitting import Loss
from components.tasks import classification as task


def headed(activation):
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, activation)])


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_a_head_that_gives_probabilities_is_left_as_it_is(activation):
    assert task.probabilities(headed(activation)) == []


def test_a_linear_head_gets_a_softmax_of_its_own():
    (layer,) = task.probabilities(headed("linear"))

    logits = np.array([[1.0, 2.0, 3.0]], np.float32)
    expected = np.exp(logits) / np.exp(logits).sum()
    assert np.asarray(layer(logits)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", [None, "SparseCategoricalCrossentropy"])
def test_a_sparse_loss_takes_labels(name):
    named = Loss.model_validate(name) if name else None

    assert task.targets(np.array([2, 0]), 3, named).tolist() == [2, 0]
    assert isinstance(task.metrics(named)[0], keras.metrics.SparseCategoricalAccuracy)


def test_every_other_loss_takes_one_hot_targets():
    named = Loss.model_validate("CategoricalHinge")

    assert task.targets(np.array([2, 0]), 3, named).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert isinstance(task.metrics(named)[0], keras.metrics.CategoricalAccuracy)
