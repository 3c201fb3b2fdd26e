"""Measuring, and the report."""

import keras
import numpy as np
import pytest

from components.data.dataset import Facts, Split
from components.evaluate.figures import figures
from components.evaluate.report import render
from components.evaluate.stage import (
    confusion_rows,
    issue_rows,
    label_issues,
    mistakes,
    predict,
    prediction_rows,
    raw_batch,
    titles,
)
from components.tasks.measures import measure

FACTS = Facts((4, 4, 1), "uint8", ("cat", "<dog>"), {"test": 6})
LABELS = np.array([0, 0, 0, 1, 1, 1])
PROBABILITIES = np.array(
    [[0.9, 0.1], [0.3, 0.7], [0.6, 0.4], [0.95, 0.05], [0.2, 0.8], [0.1, 0.9]], np.float32
)


@pytest.fixture
def test_split():
    return Split(np.arange(96, dtype=np.uint8).reshape(6, 4, 4, 1), LABELS)


def test_the_most_confident_mistake_comes_first():
    assert mistakes(LABELS, PROBABILITIES, 5).tolist() == [3, 1]
    assert mistakes(LABELS, PROBABILITIES, 1).tolist() == [3]


def test_a_mistake_says_what_was_taken_for_what():
    said = titles(np.array([3]), LABELS, PROBABILITIES, ["cat", "dog"])

    assert said == ["dog\ntaken for cat\n95% sure"]


def test_every_example_is_a_row_of_the_confusion():
    rows = list(confusion_rows(LABELS[:2], np.array([0, 1]), ["cat", "dog"]))

    assert rows == [("cat", "cat"), ("cat", "dog")]


def test_a_label_that_the_model_is_sure_is_wrong_is_an_issue():
    labels = np.repeat([0, 1], 20)
    probabilities = np.where(labels[:, None] == [0, 1], 0.9, 0.1).astype(np.float32)
    labels[7] = 1

    assert label_issues(labels, probabilities).tolist() == [7]


def test_of_a_class_with_a_single_example_no_label_is_said_to_be_wrong(recwarn):
    probabilities = np.eye(2, dtype=np.float32)[[0, 0, 0, 0, 0]] * 0.9 + 0.05

    assert not len(label_issues(np.array([0, 0, 0, 0, 1]), probabilities))
    assert not recwarn.list


def test_an_issue_names_the_example_and_both_classes(test_split):
    named = Split(test_split.inputs, LABELS, [f"{row}.png" for row in range(6)])

    (row,) = issue_rows(np.array([3]), named, PROBABILITIES, FACTS)

    assert row[:4] == (3, "3.png", "<dog>", "cat")
    assert row[4] == pytest.approx(0.95)


def test_a_row_is_that_of_ingest_wherever_examples_were_dropped(test_split):
    named = Split(test_split.inputs, LABELS, [f"{row}.png" for row in range(6)])
    kept = named.take(np.array([0, 2, 3, 5]))
    probabilities = PROBABILITIES[[0, 2, 3, 5]]

    issues = list(issue_rows(np.array([2]), kept, probabilities, FACTS))
    predictions = list(prediction_rows(kept, probabilities, FACTS))

    assert issues[0][:2] == (3, "3.png")
    assert [row[:2] for row in predictions] == [
        (0, "0.png"),
        (2, "2.png"),
        (3, "3.png"),
        (5, "5.png"),
    ]
    assert predictions[2][2:4] == ("<dog>", "cat")


def test_predictions_are_those_of_the_model(test_split):
    model = keras.Sequential(
        [keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(2, "softmax")]
    )

    assert predict(model, test_split, FACTS) == pytest.approx(np.asarray(model(test_split.array)))


def test_raw_examples_are_a_batch(test_split):
    assert raw_batch(test_split, FACTS, 3).shape == (3, 4, 4, 1)


def test_the_report_is_one_file_and_escapes_what_it_shows(test_split):
    measures = measure(LABELS, PROBABILITIES, FACTS.classes, bins=5)
    issues = np.array([3])
    drawn = figures(measures, PROBABILITIES, test_split, FACTS, issues, shown=4)

    page = render("<script>alert(1)</script>", measures, drawn)

    assert list(drawn) == [
        "Confusion matrix",
        "Reliability",
        "Mistakes, the most confident first",
        "Labels that may be wrong, the most certain first (cleanlab)",
    ]
    assert page.count("data:image/png;base64,") == 4
    assert "66.67 %" in page
    assert "<script>" not in page
    assert "&lt;dog&gt;" in page
    assert "http://" not in page
    assert "https://" not in page
