"""Learning curves, read in words."""

import pytest

from components.evaluate.diagnosis import diagnose
from components.tasks.classification import Classification
from components.tasks.regression import Regression


@pytest.mark.parametrize(
    ("train", "validation", "best", "epochs", "words"),
    [
        pytest.param([0.5, 0.6], [0.5, 0.6], 1, 20, "underfitting", id="low and level"),
        pytest.param([0.9, 0.99], [0.8, 0.8], 1, 20, "overfitting", id="train runs ahead"),
        pytest.param([0.9, 0.95], [0.9, 0.95], 1, 2, "still improving", id="best at the end"),
        pytest.param([0.9, 0.99], [0.9, 0.99], 1, 20, "0.990 in validation", id="fine"),
    ],
)
def test_the_curves_are_read_in_words(train, validation, best, epochs, words):
    history = {"accuracy": train, "val_accuracy": validation}

    assert words in diagnose(history, best, epochs, Classification().curves)


def test_without_a_share_only_a_late_best_is_read():
    history = {"loss": [3.0, 2.0, 1.0], "val_loss": [3.0, 2.0, 1.0]}

    assert diagnose(history, 2, 3, Regression().curves) == (
        "epoch 3 of 3 is kept; still improving at the end; more epochs"
    )
    assert diagnose(history, 1, 30, Regression().curves) == "epoch 2 of 3 is kept"
