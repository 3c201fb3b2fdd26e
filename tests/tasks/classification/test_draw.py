"""What a report shows of a classification."""

import numpy as np
import pytest

from components.data.dataset import Split
from components.data.features.class_label import ClassLabel
from components.data.features.image import Image
from components.data.features.value import Value
from components.data.schema import Schema
from components.tasks.classification import Classification
from components.tasks.classification.draw import mistakes

KIND = ClassLabel(("cat", "<dog>"))
IMAGES = Schema({"image": Image((4, 4, 1), "uint8", is_file=False), "label": KIND}, ("label",))
NUMBERS = Schema({"number": Value(), "label": KIND}, ("label",))
LABELS = np.array([0, 0, 0, 1, 1, 1])
PROBABILITIES = np.array(
    [[0.9, 0.1], [0.3, 0.7], [0.6, 0.4], [0.95, 0.05], [0.2, 0.8], [0.1, 0.9]], np.float32
)
MISTAKES = "Mistakes, the most confident first"
ISSUES = "Labels that may be wrong, the most certain first (cleanlab)"


@pytest.fixture
def images():
    pixels = np.arange(96, dtype=np.uint8).reshape(6, 4, 4, 1)
    return Split(IMAGES, {"image": pixels, "label": LABELS}, [f"{row}.png" for row in range(6)])


@pytest.fixture
def numbers():
    return Split(NUMBERS, {"number": np.arange(6, dtype=np.float32), "label": LABELS})


def measured(split, answers, issues=()):
    """Measures, with these rows as those whose labels may be wrong."""
    found = Classification().measure(answers, split)
    return found.model_copy(update={"details": {**found.details, "label_issues": [*issues]}})


def tables(split, answers, issues=()):
    found = Classification().tables(measured(split, answers, issues), answers, split)
    return {name: (columns, list(rows)) for name, (columns, rows) in found.items()}


def titles(figure):
    return [one.get_title() for one in figure.axes if one.get_title()]


def test_the_most_confident_mistake_comes_first(images):
    assert mistakes(images, PROBABILITIES, 5).tolist() == [3, 1]
    assert mistakes(images, PROBABILITIES, 1).tolist() == [3]


def test_a_mistake_says_what_was_taken_for_what(images):
    measures = measured(images, PROBABILITIES)

    drawn = Classification().figures(measures, PROBABILITIES, images, 1)

    assert titles(drawn[MISTAKES]) == ["<dog>\ntaken for cat\n95% sure"]


def test_every_example_is_counted_in_the_confusion(images):
    confusion = measured(images, PROBABILITIES).details["confusion"]

    assert confusion == [[2, 1], [1, 2]]


@pytest.mark.parametrize("issues", [(), (3, 1)])
def test_images_are_shown_and_no_more_than_asked_for(images, issues):
    measures = measured(images, PROBABILITIES, issues)

    drawn = Classification().figures(measures, PROBABILITIES, images, 1)

    always = ["Confusion matrix", "Reliability", MISTAKES]
    assert list(drawn) == always + [ISSUES] * bool(issues)
    assert len(titles(drawn[MISTAKES])) == 1
    assert all(len(titles(drawn[ISSUES])) == 1 for _ in issues)


def test_what_is_no_picture_is_not_shown(numbers):
    measures = measured(numbers, PROBABILITIES, [3])

    drawn = Classification().figures(measures, PROBABILITIES, numbers, 4)

    assert list(drawn) == ["Confusion matrix", "Reliability"]


def test_an_issue_names_the_example_and_both_classes(images):
    columns, (row,) = tables(images, PROBABILITIES, [3])["label_issues"]

    assert columns == ["row", "name", "label", "perhaps", "probability"]
    assert row[:4] == (3, "3.png", "<dog>", "cat")
    assert row[4] == pytest.approx(0.95)


def test_a_row_is_that_of_ingest_wherever_examples_were_dropped(images):
    kept = images.take(np.array([0, 2, 3, 5]))

    found = tables(kept, PROBABILITIES[[0, 2, 3, 5]], [2])

    (columns, predictions), (_, issues) = found["predictions"], found["label_issues"]
    assert columns == ["row", "name", "label", "predicted", "cat", "<dog>"]
    assert issues[0][:2] == (3, "3.png")
    assert [row[:2] for row in predictions] == [
        (0, "0.png"),
        (2, "2.png"),
        (3, "3.png"),
        (5, "5.png"),
    ]
    assert predictions[2][2:4] == ("<dog>", "cat")
    assert predictions[2][4:] == pytest.approx((0.95, 0.05))


def test_an_example_without_a_name_has_an_empty_one(numbers):
    _, (first, *_) = tables(numbers, PROBABILITIES)["predictions"]

    assert first[:4] == (0, "", "cat", "cat")


def test_each_class_is_a_row_of_the_summary(images):
    ((columns, rows),) = Classification().summary(measured(images, PROBABILITIES)).values()

    assert columns == ["class", "precision", "recall", "F1", "examples"]
    assert [row[0] for row in rows] == ["cat", "<dog>"]
    assert rows[1][1:] == pytest.approx((2 / 3, 2 / 3, 2 / 3, 3))
