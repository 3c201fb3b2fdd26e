"""Which columns a dataset has, and which of them are learned."""

import json

import pytest

from components.data.features.class_label import ClassLabel
from components.data.features.image import Image
from components.data.features.value import Value
from components.data.schema import Schema, of_json

SCHEMA = Schema(
    {
        "photo": Image((None, None, 1), "uint16"),
        "place": Value("string", missing=True),
        "kind": ClassLabel(("ant", "bee")),
        "weights": Value("float64", (2, 3)),
    },
    ("kind",),
)


def test_a_schema_comes_back_from_json():
    assert of_json(json.loads(json.dumps(SCHEMA.to_json()))) == SCHEMA


def test_a_kind_that_comes_back_may_be_compared_in_a_set():
    back = of_json(json.loads(json.dumps(SCHEMA.to_json())))

    assert len({*back.columns.values(), *SCHEMA.columns.values()}) == 4


def test_what_is_not_learned_is_learned_from_in_the_order_of_the_columns():
    assert SCHEMA.inputs == ("photo", "place", "weights")
    assert SCHEMA.target == ClassLabel(("ant", "bee"))
    assert Schema({"a": Value(), "b": Value("int64")}, ("b",)).input == Value()


def test_of_several_inputs_none_is_the_only_one():
    with pytest.raises(ValueError, match=r"^too many values to unpack \(expected 1"):
        _ = SCHEMA.input


def test_a_column_of_another_kind_keeps_its_place_and_the_rest():
    changed = SCHEMA.replacing({"photo": Value("float32", (5,))})

    assert list(changed.columns) == list(SCHEMA.columns)
    assert changed.columns["photo"] == Value("float32", (5,))
    assert changed.columns["kind"] == SCHEMA.columns["kind"]
    assert changed.targets == ("kind",)
    assert SCHEMA.columns["photo"] == Image((None, None, 1), "uint16")
