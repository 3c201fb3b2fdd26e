"""What a source holds, known before its examples are read."""

import numpy as np
import pytest

from components.base.errors import Stop
from components.data.features.class_label import ClassLabel
from components.data.features.image import Image
from components.data.features.value import Value
from components.data.listing import Listing
from components.data.rows import Files, Values
from components.data.schema import Schema

SCHEMA = Schema(
    {"image": Image(), "place": Value("string"), "label": ClassLabel(("ant", "bee"))}, ("label",)
)


@pytest.fixture
def found(tmp_path):
    names = [f"{number}.png" for number in range(4)]
    for name in names:
        (tmp_path / name).write_text(name)
    columns = {
        "image": Files.of(tmp_path, names),
        "place": Values(["a", "b", "c", "d"]),
        "label": np.array([0, 1, 1, 0]),
    }
    return Listing(SCHEMA, columns, names)


def test_some_examples_keep_what_belongs_together(found):
    split = found.take(np.array([2, 0]))

    assert len(split) == 2
    assert split["image"][np.arange(2)] == [b"2.png", b"0.png"]
    assert split["place"][np.arange(2)] == ["c", "a"]
    assert split["label"].tolist() == [1, 0]
    assert [split.name(position) for position in range(2)] == ["2.png", "0.png"]


def test_no_file_is_read_before_it_is_asked_for(found, tmp_path):
    split = found.take(np.array([2, 0]))
    (tmp_path / "0.png").unlink()

    assert split["image"][0] == b"2.png"
    with pytest.raises(Stop, match=r"0\.png: cannot be read: No such file or directory$"):
        split.read()


def test_examples_without_names_have_none(found):
    split = Listing(SCHEMA, found.columns).take(np.array([1]))

    assert split.name(0) is None


def test_a_stratified_split_deals_the_first_target_alike(found):
    numbers = {"a": np.array([3.0, 1.0]), "b": np.array([1, 0])}
    by_number = Schema({"a": Value(), "b": ClassLabel(("no", "yes"))}, ("a", "b"))
    by_nothing = Schema(SCHEMA.columns)

    assert found.strata.tolist() == [0, 1, 1, 0]
    assert Listing(by_number, numbers).strata.tolist() == [2, 0]
    assert Listing(by_nothing, found.columns).strata is None
