"""What is found in no single example."""

import pytest

from components.data.features.class_label import ClassLabel
from components.data.features.value import Value
from tests.validate.made import (
    GOOD,
    KINDS,
    arrays,
    checked,
    files,
    kinds,
    photos,
    tabular,
    unbalanced,
)

WHOLE = {"width": [1, 2, 3, 4], "place": list("wxyz"), "label": [0, 1, 1, 0]}


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        pytest.param(ClassLabel("ab"), [0, 1, 1, 0], id="a copy of it"),
        pytest.param(Value("float64"), [0, 1, 1, 0], id="its positions as numbers"),
        pytest.param(Value("string"), ["a", "b", "b", "a"], id="its names"),
        pytest.param(ClassLabel("ba"), [1, 0, 0, 1], id="its names in another order"),
    ],
)
@pytest.mark.parametrize("policy", ["error", "warn"])
def test_a_column_that_repeats_what_is_to_be_learned(tmp_path, kind, values, policy):
    splits = tabular({**KINDS, "again": kind}, train={**WHOLE, "again": values})

    report = checked(tmp_path / "set", splits, repeated_target=policy)

    sentence = "column 'again' repeats 'label', which is to be learned"
    assert [one.details for one in report.findings] == [[sentence]]
    stops = f"repeated_target: {sentence}; to go on all the same, set validate.repeated_target: "
    assert report.problems == ([f"{stops}warn"] if policy == "error" else [])


def test_a_number_that_is_to_be_learned_is_repeated_as_another_type_and_as_text(tmp_path):
    kinds = {"inches": Value("int64"), "said": Value("string"), "width": Value()}
    rows = {"inches": [1, 2, 3], "said": ["1", "2.0", "3"], "width": [1, 2, 3]}

    report = checked(tmp_path / "set", tabular(kinds, ("width",), train=rows))

    assert report.findings[0].details == [
        "column 'inches' repeats 'width', which is to be learned",
        "column 'said' repeats 'width', which is to be learned",
    ]
    assert report.counts == {"train": {"examples": 3}}


def test_a_column_that_repeats_all_but_one_label_is_no_copy(tmp_path):
    kinds = {**KINDS, "again": Value("string")}
    splits = tabular(kinds, train={**WHOLE, "again": ["a", "b", "b", "b"]})

    assert checked(tmp_path / "set", splits).findings == []


def test_a_class_missing_from_a_split(tmp_path):
    report = checked(tmp_path / "set", files(GOOD, test=photos(8)), missing_class="error")

    assert report.problems == [
        "missing_class: the test split has no example of class 'bee'; "
        "to go on all the same, set validate.missing_class: warn"
    ]


def test_of_many_missing_classes_a_problem_names_some(tmp_path):
    splits = arrays(
        classes="abcdefghi", train=([[x, -1] for x in range(9)], range(9)), test=([[9, 8]], [0])
    )

    report = checked(tmp_path / "set", splits, missing_class="error")

    assert kinds(report) == {"missing_class": 8}
    assert len(report.problems) == 5
    assert report.problems[-1] == (
        "missing_class: the test split has no example of class 'f' (3 more); "
        "to go on all the same, set validate.missing_class: warn"
    )


@pytest.mark.parametrize("policy", ["error", "warn"])
def test_classes_out_of_balance(tmp_path, policy):
    sentence = (
        "class 'a' has 12.0 times the training examples of class 'b'; "
        "validate.max_imbalance allows 10"
    )

    report = checked(tmp_path / "set", unbalanced(), imbalance=policy)

    assert [one.details for one in report.findings] == [[sentence]]
    assert report.problems == (
        [f"imbalance: {sentence}; to go on all the same, set validate.imbalance: warn"]
        if policy == "error"
        else []
    )


def test_a_ratio_at_the_limit_is_no_imbalance(tmp_path):
    assert checked(tmp_path / "set", unbalanced(), max_imbalance=12).findings == []


@pytest.mark.parametrize("policy", ["error", "warn"])
def test_a_class_that_loses_its_last_training_example_is_missing(tmp_path, policy):
    train = [*photos(1), ("broken.jpg", b"", 1), *photos(3)]

    report = checked(
        tmp_path / "set",
        files(train),
        corrupt="drop",
        missing_class=policy,
        min_examples_per_class=2,
    )

    sentence = "the train split has no example of class 'bee'"
    assert report.counts["train"] == {"ant": 2, "bee": 0}
    assert [one.details for one in report.findings if one.kind == "missing_class"] == [[sentence]]
    stops = f"missing_class: {sentence}; to go on all the same, set validate.missing_class: warn"
    assert report.problems == ([stops] if policy == "error" else [])


def test_one_class_is_no_imbalance(tmp_path):
    splits = arrays(classes="a", train=([[1, 2], [3, 4]], [0, 0]))

    assert checked(tmp_path / "set", splits).findings == []


@pytest.mark.parametrize("policy", ["error", "warn"])
def test_a_number_to_be_learned_that_is_always_the_same(tmp_path, policy):
    kinds = {"width": Value(), "length": Value("int64"), "price": Value("float32")}
    rows = {"width": [1, 1, 1], "length": [7, 7, 7], "price": [5, 5, 5]}
    splits = tabular(kinds, ("length", "price"), train=rows, test={**rows, "price": [5, 6, 7]})

    report = checked(tmp_path / "set", splits, constant_target=policy, drift="warn")

    sentences = [
        "column 'length', which is to be learned, is 7 in every training example",
        "column 'price', which is to be learned, is 5.0 in every training example",
    ]
    assert {one.kind: one.details for one in report.findings}["constant_target"] == sentences
    is_said = any(one.startswith("constant_target: ") for one in report.problems)
    assert is_said is (policy == "error")


@pytest.mark.parametrize("values", [[5, 5, 6], [5]])
def test_a_number_that_changes_and_a_single_one_are_not_always_the_same(tmp_path, values):
    kinds = {"width": Value(), "price": Value()}
    rows = {"width": [1, 2, 3][: len(values)], "price": values}

    report = checked(tmp_path / "set", tabular(kinds, ("price",), train=rows))

    assert report.findings == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("Cat", "cat", id="case"),
        pytest.param("big cat", "big  cat", id="blanks within"),
        pytest.param("cat", "cat ", id="a blank at the end"),
        pytest.param("caf\u00e9", "cafe\u0301", id="an accent of its own"),
        pytest.param("stra\u00dfe", "STRASSE", id="case that changes the length"),
    ],
)
def test_classes_that_a_person_would_write_for_one(tmp_path, one, other):
    splits = arrays((other, "dog", one), train=([[1, 2], [3, 4], [5, 6]], [0, 1, 2]))

    report = checked(tmp_path / "set", splits)

    (sentence,) = report.findings[0].details
    assert sentence in {
        f"classes {first!r} and {second!r} differ in case, blanks or the form of Unicode alone"
        for first, second in ((one, other), (other, one))
    }
    assert report.problems == [
        f"similar_classes: {sentence}; to go on all the same, set validate.similar_classes: warn"
    ]


def test_classes_that_look_alike_and_are_others(tmp_path):
    splits = arrays(("a1", "a-1", "a 2"), train=([[1, 2], [3, 4], [5, 6]], [0, 1, 2]))

    assert checked(tmp_path / "set", splits).findings == []
