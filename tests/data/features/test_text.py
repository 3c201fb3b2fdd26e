"""Text, such as a sentence."""

import numpy as np
import pytest
from datasets import Dataset, load_from_disk

from components.data import dataset, shards
from components.data.dataset import Split
from components.data.features.feature import TableColumn
from components.data.features.text import Text
from components.data.rows import Values
from components.data.schema import Schema

WORDS = ["red", "", "gr\u00f6\u00dfer, \n'x'"]
SCHEMA = Schema({"text": Text()})


def kept(folder, values):
    """A column that is written and read back."""
    shards.save({"train": Split(SCHEMA, {"text": Values(values)})}, folder)
    return dataset.open_split(folder, "train")


@pytest.mark.parametrize("values", [WORDS, []])
def test_text_comes_back_as_it_was(tmp_path, values):
    found = kept(tmp_path, values)

    assert list(found["text"]) == values
    assert found.schema == SCHEMA
    assert load_from_disk(str(tmp_path))["train"]["text"][:] == values


def test_some_of_it_is_found_by_its_rows(tmp_path):
    found = kept(tmp_path, WORDS)

    assert found["text"][np.array([2, 0])] == [WORDS[2], WORDS[0]]
    assert found.take(np.array([2])).text("text", 0) == WORDS[2]


def test_no_layer_computes_with_it():
    assert not Text().is_array
    assert Text().after((3,)) == Text()
    assert list(Text().none()) == []


def test_a_column_of_a_table_is_taken_as_it_is_and_a_missing_text_is_empty():
    table = Dataset.from_dict({"text": ["a b", None, ""]})
    column = TableColumn("text", table["text"], table.features["text"], table, "", 1)

    kind, rows = Text().gather(column)

    assert kind == Text()
    assert rows[:] == ["a b", "", ""]


def test_its_words_are_counted_and_equal_texts_have_one_digest():
    look, other = Text().look("a  b\nc", None), Text().look("a b c", None)

    assert (dict(look.findings), list(look.measures)) == ({}, [3])
    assert look.digest == Text().look("a  b\nc", "elsewhere").digest != other.digest


@pytest.mark.parametrize("text", ["", " \t\n"])
def test_a_text_without_a_word_is_found(text):
    assert Text().look(text, None).findings == {"empty": "it has no word"}
