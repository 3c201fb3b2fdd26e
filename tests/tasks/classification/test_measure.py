"""Measures against independent formulas."""

import numpy as np
import pytest
from sklearn.metrics import f1_score
from sklearn.metrics import log_loss as reference_log_loss

from components.data.dataset import Split
from components.data.features.class_label import ClassLabel
from components.data.features.value import Value
from components.data.schema import Schema
from components.tasks.classification import Classification
from components.tasks.classification.measure import label_issues

CLASSES = ("a", "b", "c")


def examples(labels, classes=CLASSES):
    schema = Schema({"point": Value(), "kind": ClassLabel(classes)}, ("kind",))
    columns = {"point": np.arange(len(labels), dtype=np.float32), "kind": np.array(labels)}
    return Split(schema, columns)


def measure(labels, probabilities, classes, bins):
    split = examples(labels, classes)
    return Classification(calibration_bins=bins).measure(probabilities, split)


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
    expected = f1_score(labels, predicted, average="macro")
    assert found.metrics["accuracy"].value == (predicted == labels).mean()
    assert found.metrics["macro_f1"].value == pytest.approx(expected)
    expected = reference_log_loss(labels, probabilities)
    assert found.numbers["log_loss"] == pytest.approx(expected, rel=1e-5)
    confusion = found.details["confusion"]
    assert np.sum(confusion) == found.examples == 300
    assert np.trace(confusion) == (predicted == labels).sum()
    assert confusion[0][1] == ((labels == 0) & (predicted == 1)).sum()


def test_the_interval_is_wilsons(guesses):
    found = measure(*guesses, CLASSES, bins=10).metrics["accuracy"]

    n, p, z = 300, found.value, 1.959964
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    assert (found.low, found.high) == pytest.approx((middle - half, middle + half))


def test_the_calibration_error_is_its_sum_over_bins(guesses):
    labels, probabilities = guesses
    confidence, right = probabilities.max(1), probabilities.argmax(1) == labels

    error = 0.0
    for low in np.arange(0, 1, 0.2):
        inside = (confidence >= low) & (confidence < low + 0.2)
        if inside.any():
            error += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())

    found = measure(labels, probabilities, CLASSES, bins=5)
    assert found.numbers["expected_calibration_error"] == pytest.approx(error, abs=1e-6)


def test_a_class_that_is_never_predicted_has_no_precision():
    found = measure(np.array([0, 1]), np.array([[1, 0], [1, 0]], np.float32), ("a", "b"), bins=10)

    assert found.details["per_class"][1] == {
        "name": "b",
        "precision": 0,
        "recall": 0,
        "f1": 0,
        "support": 1,
    }


def test_certain_and_right_is_perfect():
    found = measure(np.array([0, 1]), np.eye(2, dtype=np.float32), ("a", "b"), bins=10)

    accuracy = found.metrics["accuracy"]
    assert (accuracy.value, found.numbers["expected_calibration_error"]) == (1, 0)
    assert accuracy.high == 1


def test_what_is_certain_is_in_the_last_bin():
    probabilities = np.array([[1, 0], [0.95, 0.05], [0.85, 0.15]], np.float32)

    found = measure(np.array([0, 0, 1]), probabilities, ("a", "b"), bins=10)

    reliability = found.details["reliability"]
    assert [one["count"] for one in reliability] == [1, 2]
    assert reliability[-1]["confidence"] == pytest.approx(0.975)


def test_a_label_that_the_model_is_sure_is_wrong_is_an_issue():
    labels = np.repeat([0, 1], 20)
    probabilities = np.where(labels[:, None] == [0, 1], 0.9, 0.1).astype(np.float32)
    labels[7] = 1

    assert label_issues(labels, probabilities).tolist() == [7]
    found = measure(labels, probabilities, ("a", "b"), bins=10)
    assert (found.details["label_issues"], found.numbers["label_issues"]) == ([7], 1)


def test_of_a_class_with_a_single_example_no_label_is_said_to_be_wrong(recwarn):
    probabilities = np.eye(2, dtype=np.float32)[[0, 0, 0, 0, 0]] * 0.9 + 0.05

    assert not len(label_issues(np.array([0, 0, 0, 0, 1]), probabilities))
    assert not recwarn.list


def test_every_metric_of_the_task_is_measured_with_an_interval_around_it(guesses):
    found = measure(*guesses, CLASSES, bins=10).metrics

    assert list(found) == [one.name for one in Classification.metrics]
    assert all(one.low < one.value < one.high for one in found.values())


class Sure:
    """A predictor that is as sure as it can be of what it was given."""

    def __init__(self, places):
        self.places = places

    def predict(self, split):
        return np.eye(3)[self.places[: len(split)]]


def test_an_outcome_is_the_name_of_the_class_that_is_most_probable():
    task, split = Classification(), examples([0, 1, 2])
    answers = task.answers(Sure([0, 2, 2]), split)

    found = task.outcomes(answers, split, split.schema)

    pairs = sorted(zip(found.truth["label"], found.answers["label"], strict=True))
    assert pairs == [("a", "a"), ("b", "c"), ("c", "c")]
    assert answers.dtype == np.float32


def test_an_older_model_says_the_classes_that_it_knew():
    task, split = Classification(), examples([0, 1, 2])
    learned = Schema({"point": Value(), "kind": ClassLabel(("c", "a", "x"))}, ("kind",))

    found = task.outcomes(task.answers(Sure([0, 1, 2]), split), split, learned)

    pairs = sorted(zip(found.truth["label"], found.answers["label"], strict=True))
    assert pairs == [("a", "c"), ("b", "a"), ("c", "x")]


def test_models_are_compared_on_the_same_examples_in_pairs():
    task, split = Classification(), examples([0, 1, 2] * 20)
    right, poor = np.tile([0, 1, 2], 20), np.tile([0, 1, 1], 20)
    better, worse = (
        task.outcomes(task.answers(Sure(said), split), split, split.schema)
        for said in (right, poor)
    )

    gain = task.difference("accuracy", better, worse)

    assert task.value("accuracy", better).value == 1
    assert task.value("accuracy", worse).value == pytest.approx(2 / 3)
    assert gain.value == pytest.approx(1 / 3)
    assert 0 < gain.low < gain.value < gain.high
    assert task.difference("macro_f1", worse, better).value < 0
