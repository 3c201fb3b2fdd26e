"""What is found in a dataset."""

import numpy as np
import pytest

from components.dataset import Facts, Split
from components.validate.config import Config
from components.validate.stage import find_constant, find_duplicates, validate

FACTS = Facts((1, 2), "float32", ("a", "b"), {"train": 4, "test": 2})


def splits(train, test, labels=(0, 0, 1, 1, 0, 1)):
    """Examples of two features, the second one higher by 1; equal numbers are equal examples."""
    values = [np.array([[[x, x + 1]] for x in part], np.float32) for part in (train, test)]
    cut = len(train)
    return {
        "train": Split(values[0].reshape(-1, 1, 2), np.array(labels[:cut])),
        "test": Split(values[1].reshape(-1, 1, 2), np.array(labels[cut : cut + len(test)])),
    }


@pytest.mark.parametrize(
    ("train", "test", "duplicates", "conflicting", "leaked"),
    [
        pytest.param([], [], [], [], [], id="empty"),
        pytest.param([1, 2, 3, 4], [5, 6], [], [], [], id="all different"),
        pytest.param([7, 7, 1, 2], [3, 4], ["train:1"], [], [], id="within a split"),
        pytest.param([7, 1, 7, 2], [3, 4], ["train:2"], ["train:2"], [], id="with another label"),
        pytest.param([7, 1, 2, 3], [7, 4], ["test:0"], [], ["test:0"], id="in another split"),
    ],
)
def test_find_duplicates(train, test, duplicates, conflicting, leaked):
    assert find_duplicates(splits(train, test)) == (duplicates, conflicting, leaked)


def test_find_constant():
    found = find_constant({"train": Split(np.array([[1, 1], [1, 2], [0, 0]]), np.zeros(3))})

    assert found == ["train:0", "train:2"]


def test_a_good_dataset_has_no_problems():
    report = validate(splits([1, 2, 3, 4], [5, 6]), FACTS, Config())

    assert report.problems == []
    assert report.counts == {"train": {"a": 2, "b": 2}, "test": {"a": 1, "b": 1}}


def test_a_share_at_the_limit_passes():
    assert (
        validate(splits([7, 7, 1, 2], [7, 4]), FACTS, Config(max_duplicate_fraction=1 / 3)).problems
        == []
    )


def test_every_problem_says_what_allows_it():
    data = splits([7, 7, 2, 3], [4, 5], labels=(0, 0, 0, 1, 0, 1))
    data["test"].inputs[0] = np.nan

    assert validate(data, FACTS, Config()).problems == [
        "1 of 6 examples repeat an earlier one (train:1); "
        "validate.max_duplicate_fraction allows 0.0%",
        "class 'b' has 1 training examples; validate.min_examples_per_class asks for 2",
        "1 examples hold NaN or infinity (test:0)",
    ]


def test_an_image_of_one_colour_is_a_problem():
    data = splits([1, 2, 3, 4], [5, 6])
    data["train"].inputs[2] = 9

    assert validate(data, FACTS, Config()).problems == [
        "1 of 6 examples have one value throughout (train:2); "
        "validate.max_constant_fraction allows 0.0%"
    ]
