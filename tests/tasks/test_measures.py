"""Measures against independent formulas."""

import numpy as np
import pytest
from sklearn.metrics import f1_score
from sklearn.metrics import log_loss as reference_log_loss

from components.tasks.measures import measure

CLASSES = ("a", "b", "c")


@pytest.fixture
def guesses():
    random = np.random.default_rng(0)
    probabilities = random.dirichlet([1, 1, 1], size=300).astype(np.float32)
    labels = np.where(random.random(300) < 0.7, probabilities.argmax(1), random.integers(0, 3, 300))
    return labels, probabilities


def test_the_measures_are_the_textbooks(guesses):
    labels, probabilities = guesses

    found = measure(labels, probabilities, CLASSES, bins=10)

    predicted = probabilities.argmax(1)
    assert found.accuracy == (predicted == labels).mean()
    assert found.macro_f1 == pytest.approx(f1_score(labels, predicted, average="macro"))
    assert found.log_loss == pytest.approx(reference_log_loss(labels, probabilities), rel=1e-5)
    assert np.sum(found.confusion) == 300
    assert np.trace(found.confusion) == (predicted == labels).sum()


def test_the_interval_is_wilsons(guesses):
    found = measure(*guesses, CLASSES, bins=10)

    n, p, z = 300, found.accuracy, 1.959964
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    assert (found.accuracy_low, found.accuracy_high) == pytest.approx(
        (middle - half, middle + half)
    )


def test_the_calibration_error_is_its_sum_over_bins(guesses):
    labels, probabilities = guesses
    confidence, right = probabilities.max(1), probabilities.argmax(1) == labels

    error = 0.0
    for low in np.arange(0, 1, 0.2):
        inside = (confidence >= low) & (confidence < low + 0.2)
        if inside.any():
            error += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())

    found = measure(labels, probabilities, CLASSES, bins=5)
    assert found.expected_calibration_error == pytest.approx(error, abs=1e-6)


def test_a_class_that_is_never_predicted_has_no_precision():
    found = measure(np.array([0, 1]), np.array([[1, 0], [1, 0]], np.float32), ("a", "b"), bins=10)

    assert found.per_class[1].model_dump() == {
        "name": "b",
        "precision": 0,
        "recall": 0,
        "f1": 0,
        "support": 1,
    }


def test_certain_and_right_is_perfect():
    found = measure(np.array([0, 1]), np.eye(2, dtype=np.float32), ("a", "b"), bins=10)

    assert (found.accuracy, found.expected_calibration_error) == (1, 0)
    assert found.accuracy_high == 1


def test_what_is_certain_is_in_the_last_bin():
    probabilities = np.array([[1, 0], [0.95, 0.05], [0.85, 0.15]], np.float32)

    found = measure(np.array([0, 0, 1]), probabilities, ("a", "b"), bins=10)

    assert [one.count for one in found.reliability] == [1, 2]
    assert found.reliability[-1].confidence == pytest.approx(0.975)
