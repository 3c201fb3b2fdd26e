"""What a model said of each test example, in an order that follows from the examples alone."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from components.data.dataset import Split
from components.data.features.class_label import ClassLabel
from components.data.features.value import Value
from components.data.schema import Schema
from components.tasks.outcomes import outcomes, read_outcomes, write_outcomes

SCHEMA = Schema({"point": Value("float32", (2,)), "label": ClassLabel("ab")}, ("label",))
POINTS = np.array([[3, 1], [0, 5], [2, 2], [3, 1]], np.float32)
TRUTH = {"label": ["b", "a", "b", "a"]}
ANSWERS = {"label": ["b", "a", "a", "b"], "probability": ["0.9", "0.8", "0.6", "0.9"]}
SHUFFLED = np.array([2, 0, 3, 1])


def split(points, schema=SCHEMA):
    return Split(schema, {"point": points, "label": np.zeros(len(points), np.int64)})


def at(columns, rows):
    return {name: [values[row] for row in rows] for name, values in columns.items()}


@pytest.fixture
def found():
    return outcomes(split(POINTS), TRUTH, ANSWERS)


def test_a_key_is_a_hash_of_the_raw_content(found):
    digests = [hashlib.sha256(point.tobytes()).hexdigest()[:32] for point in POINTS]

    assert list(found.keys) == sorted(digests)
    assert len(found) == 4


def test_truth_and_answers_stay_with_their_example(found):
    digests = [hashlib.sha256(point.tobytes()).hexdigest()[:32] for point in POINTS]
    rows = {*zip(digests, TRUTH["label"], ANSWERS["label"], ANSWERS["probability"], strict=True)}

    assert {
        *zip(
            found.keys,
            found.truth["label"],
            found.answers["label"],
            found.answers["probability"],
            strict=True,
        )
    } == rows


def test_the_order_of_the_examples_makes_no_difference(found):
    other = outcomes(split(POINTS[SHUFFLED]), at(TRUTH, SHUFFLED), at(ANSWERS, SHUFFLED))

    assert other == found
    assert other.fingerprint == found.fingerprint


def test_models_that_were_measured_alike_have_one_fingerprint_whatever_they_said(found):
    wrong = {"label": ["a", "a", "a", "a"]}

    assert outcomes(split(POINTS), TRUTH, wrong).fingerprint == found.fingerprint


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda points, truth: (points[:3], at(truth, range(3))), id="one less"),
        pytest.param(lambda points, truth: (points + 1, truth), id="other examples"),
        pytest.param(lambda points, truth: (points, {"label": list("aaba")}), id="another truth"),
    ],
)
def test_other_examples_or_another_truth_have_another_fingerprint(found, change):
    points, truth = change(POINTS, TRUTH)

    assert outcomes(split(points), truth, truth).fingerprint != found.fingerprint


def test_every_input_is_part_of_a_key():
    schema = Schema({"point": Value("float32", (2,)), "size": Value(), "label": ClassLabel("ab")})
    schema = replace(schema, targets=("label",))
    columns = {"point": POINTS[[0, 0]], "label": np.array([0, 1])}
    one, other = (
        Split(schema, {**columns, "size": np.array(sizes, np.float32)})
        for sizes in ([1, 2], [1, 1])
    )

    first, second = (outcomes(each, at(TRUTH, [0, 1]), {}) for each in (one, other))

    assert len(set(first.keys)) == 2
    assert len(set(second.keys)) == 1


def test_what_is_written_is_read_as_it_was(found, tmp_path):
    path = tmp_path / "outcomes.csv"
    write_outcomes(found, path)

    head, *rows = path.read_text().splitlines()
    assert head == "key,true label,said label,said probability"
    assert len(rows) == 4
    assert read_outcomes(path) == found


def test_a_name_with_a_comma_or_a_line_is_kept(tmp_path):
    odd = {"label": ['cat, "black"', "two\nlines"]}
    found = outcomes(split(POINTS[:2]), odd, odd)

    write_outcomes(found, tmp_path / "outcomes.csv")

    assert read_outcomes(tmp_path / "outcomes.csv") == found
