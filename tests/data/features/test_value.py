"""Numbers, vectors of numbers, and categories."""

from collections import Counter

import numpy as np
import pytest
from datasets import Dataset, load_from_disk

from components.base.errors import Stop
from components.data import dataset, shards
from components.data.dataset import Split
from components.data.features.feature import TableColumn, digest
from components.data.features.text import Text
from components.data.features.value import Value
from components.data.rows import Values
from components.data.schema import Schema


def gathered(kind, values):
    table = Dataset.from_dict({"width": values})
    return kind.gather(TableColumn("width", table["width"], table.features["width"], table, "", 1))


def kept(tmp_path, kind, values):
    """A column that is written and read back."""
    shards.save({"train": Split(Schema({"width": kind}), {"width": values})}, tmp_path)
    return dataset.open_split(tmp_path, "train")["width"]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        pytest.param(Value(), [1.5, -2.0, 0.0], id="numbers"),
        pytest.param(Value("int64"), [2**53 + 1, -1, 0], id="whole numbers"),
        pytest.param(Value("float32", (2, 3)), np.arange(18).reshape(3, 2, 3), id="matrices"),
        pytest.param(Value("int16", (2,)), [[1, -2], [3, 4], [5, 6]], id="vectors"),
    ],
)
def test_numbers_come_back_as_they_were(tmp_path, kind, values):
    values = np.array(values, kind.dtype)

    found = kept(tmp_path, kind, values)

    assert found.dtype == kind.dtype
    assert np.array_equal(found, values)


def test_text_comes_back_as_it_was(tmp_path):
    words = ["red", "", "größer, \n'x'"]

    found = kept(tmp_path, Value("string"), Values(words))

    assert found[:] == words
    assert found[np.array([2, 0])] == [words[2], words[0]]
    assert load_from_disk(str(tmp_path))["train"]["width"][:] == words


@pytest.mark.parametrize("kind", [Value(), Value("string"), Value(shape=(2,))])
def test_no_values_come_back(tmp_path, kind):
    assert len(kept(tmp_path, kind, kind.none())) == 0


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        pytest.param(Value(), ["1.5", "-2e3", ""], [1.5, -2000, np.nan], id="as a CSV has them"),
        pytest.param(Value(), [1, None, 3], [1, np.nan, 3], id="numbers, and none"),
        pytest.param(Value("int64"), ["-7", "2.0"], [-7, 2], id="whole numbers"),
        pytest.param(Value("uint8"), ["0", "255.0"], [0, 255], id="at the ends of a type"),
        pytest.param(
            Value("int64"), ["9007199254740993", "+7", "1e3"], [2**53 + 1, 7, 1000], id="53 bits"
        ),
        pytest.param(Value("int64"), [2**53 + 1, 2], [2**53 + 1, 2], id="53 bits of JSON"),
        pytest.param(Value("int64"), [-(2**63)], [-(2**63)], id="the least"),
        pytest.param(Value("uint64"), [str(2**64 - 1)], [2**64 - 1], id="the largest"),
        pytest.param(Value("int64"), [[2**53 + 1, 1]], [[2**53 + 1, 1]], id="in a vector"),
        pytest.param(Value("bool"), ["1", "0"], [True, False], id="true or false"),
        pytest.param(Value(), [[1, 2], [3, 4]], [[1, 2], [3, 4]], id="vectors"),
    ],
)
def test_numbers_are_gathered(kind, values, expected):
    known, found = gathered(kind, values)

    assert found.dtype == kind.dtype
    assert np.array_equal(found, np.array(expected, kind.dtype), equal_nan=kind.dtype == "float32")
    assert known == Value(kind.dtype, found.shape[1:])


def test_categories_are_gathered_with_an_empty_text_for_none():
    assert gathered(Value("string"), ["red", None, "blue"])[1][:] == ["red", "", "blue"]
    assert gathered(Value("string"), [3, None])[1][:] == ["3", ""]


def test_the_categories_are_those_that_there_are():
    kind = Value("string")

    known = kind.known(Counter(map(kind.observe, ["red", "", "blue", "red"])))

    assert known.categories == ("blue", "red")
    assert kind.known(Counter()).categories == ()
    assert Value("string", categories=["red"]).known(Counter(["blue"])).categories == ("red",)


@pytest.mark.parametrize(("value", "place"), [("blue", 0), ("red", 1), ("", np.nan), ("x", np.nan)])
def test_a_category_is_its_place(value, place):
    kind = Value("string", categories=("blue", "red"))

    decoded = kind.decode(value)

    assert decoded.dtype == np.dtype(kind.decoded_dtype)
    assert np.array_equal(decoded, place, equal_nan=True)


@pytest.mark.parametrize(
    ("kind", "values", "what"),
    [
        (
            Value(),
            ["1", "red", "3", "NA"],
            "2 of 4 are no numbers (row 1: 'red', row 3: 'NA'); mend them, or declare the column "
            "as {Value: {dtype: string}}",
        ),
        (Value("int64"), [1, None, 3], "row 1: None is no int64"),
        (Value("int64"), ["1", "2.5"], "row 1: '2.5' is no int64"),
        (Value("uint8"), [0, 256, -1], "row 1: 256 is no uint8"),
        (Value("int64"), ["0", "9223372036854775808"], "row 1: '9223372036854775808' is no int64"),
        (Value("int64"), ["0", "1e400"], "row 1: '1e400' is no int64"),
        (Value("bool"), ["1", "2"], "row 1: '2' is no bool"),
        (Value(), [[1, 2], [3], [4, 5]], "its values have several lengths: 1 and 2"),
        (
            Value(),
            [[1.0, 2.0], None],
            "1 rows have no value: row 1; remove them, or fill them in",
        ),
    ],
    ids=[
        "text",
        "none where none can be",
        "a fraction",
        "too large",
        "one too large",
        "infinite",
        "no truth",
        "lengths",
        "no vector",
    ],
)
def test_what_is_not_of_the_kind_is_named(kind, values, what):
    with pytest.raises(Stop) as caught:
        gathered(kind, values)

    assert str(caught.value) == f"ingest.columns.width: {what}"


@pytest.mark.parametrize(
    ("kind", "value", "findings"),
    [
        pytest.param(Value(), 3.5, {}, id="a number"),
        pytest.param(Value(), np.nan, {"missing": "it has no value"}, id="no number"),
        pytest.param(Value(missing=True), np.nan, {}, id="no number, which may be"),
        pytest.param(Value(), np.inf, {"not_finite": "holds NaN or infinity"}, id="infinity"),
        pytest.param(
            Value(missing=True), -np.inf, {"not_finite": "holds NaN or infinity"}, id="-infinity"
        ),
        pytest.param(Value("int64"), 0, {}, id="a whole number"),
        pytest.param(Value("string"), "red", {}, id="a category"),
        pytest.param(Value("string"), "", {"missing": "it has no value"}, id="no category"),
        pytest.param(Value("string", missing=True), "", {}, id="no category, which may be"),
        pytest.param(
            Value(shape=(2,)), [1, np.nan], {"not_finite": "holds NaN or infinity"}, id="a gap"
        ),
        pytest.param(
            Value(shape=(2,)), [7, 7], {"constant": "of one colour or value"}, id="one value"
        ),
        pytest.param(Value(shape=(1,)), [7], {}, id="a vector of one number"),
    ],
)
def test_what_is_wrong_with_a_value(kind, value, findings):
    stored = value if kind.is_category else np.array(value, kind.dtype)

    assert dict(kind.look(stored, None).findings) == findings


def test_a_number_is_its_own_measure_where_it_is_there():
    assert list(Value().look(np.float32(3.5), None).measures) == [3.5]
    assert list(Value(missing=True).look(np.float32(np.nan), None).measures) == []
    assert list(Value(shape=(2,)).look(np.array([1.0, 2.0]), None).measures) == [1, 2]
    assert Value().measures == ("value",)
    assert Value(shape=(2,)).measures == ["feature 0", "feature 1"]
    assert Value("string").measures == ()


def test_equal_bytes_of_another_shape_have_another_digest():
    values = np.arange(6.0)

    assert digest(values.reshape(2, 3)) != digest(values.reshape(3, 2))


def test_numbers_are_dealt_in_fifths_by_their_size():
    numbers = np.array([50, 10, 30, 20, 40, 90, 60, 80, 70, 100], np.float32)

    assert Value().strata(numbers).tolist() == [2, 0, 1, 0, 1, 4, 2, 3, 3, 4]
    assert Value("string").strata(["a"]) is None
    assert Value(shape=(2,)).strata(np.zeros((3, 2))) is None


def test_layers_can_compute_with_numbers_and_not_with_text():
    assert Value().is_array
    assert not Text().is_array


@pytest.mark.parametrize(("numbers", "findings"), [([1, 1, 1], ["constant"]), ([1, 2, 1], [])])
def test_a_vector_is_constant_where_its_numbers_are_all_alike(numbers, findings):
    found = Value("float32", (3,)).look(np.array(numbers, np.float32), None)

    assert list(found.findings) == findings
