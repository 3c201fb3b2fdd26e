"""Learning curves, read in words."""

import pytest

from components.tasks.classification.diagnosis import diagnose


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

    assert words in diagnose(history, best, epochs)
