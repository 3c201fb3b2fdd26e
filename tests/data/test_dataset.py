"""Datasets on disk, and the arrays that are read from them."""

import numpy as np
import pytest
from datasets import load_from_disk

from components.base.errors import Stop
from components.data import dataset, shards
from components.data.dataset import Split, concatenated
from components.data.features.class_label import ClassLabel
from components.data.features.image import Image
from components.data.features.value import Value
from components.data.rows import Pieces, Values
from components.data.schema import Schema


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (10, 4, 3, 1), np.uint8)


def schema(images):
    image = Image(images.shape[1:], str(images.dtype), is_file=False)
    return Schema({"image": image, "label": ClassLabel(("no", "yes"))}, ("label",))


def write(images, folder, labels=None, names=None):
    labels = np.arange(len(images)) % 2 if labels is None else labels
    split = Split(schema(images), {"image": images, "label": labels.astype(np.int64)}, names)
    return shards.save({"train": split, "test": split}, folder)


@pytest.mark.parametrize("dtype", ["uint8", "float32", "int16"])
def test_what_was_saved_comes_back(tmp_path, images, dtype):
    images = images.astype(dtype)
    write(images, tmp_path)

    split = dataset.open_split(tmp_path, "train")

    assert np.array_equal(split.input, images)
    assert split.target.tolist() == [0, 1] * 5
    assert dataset.read_facts(tmp_path).counts == {"train": 10, "test": 10}
    assert dataset.read_facts(tmp_path).schema == split.schema == schema(images)


def test_examples_are_views_of_the_file(tmp_path, images):
    write(images, tmp_path)

    split = dataset.open_split(tmp_path, "train")

    assert not split.input.flags.owndata
    assert not split.input.flags.writeable


def test_dropped_rows_are_left_out(tmp_path, images):
    write(images, tmp_path, names=[f"{row}.png" for row in range(10)])

    split = dataset.open_split(tmp_path, "train", [0, 3])

    assert np.array_equal(split.input[:], np.delete(images, [0, 3], axis=0))
    assert split.target[:].tolist() == [1, 0, 0, 1, 0, 1, 0, 1]
    assert split.name(1) == "2.png"
    assert [split.row(position) for position in range(3)] == [1, 2, 4]


def test_a_selection_of_a_selection_knows_its_rows(tmp_path, images):
    write(images, tmp_path)

    split = dataset.open_split(tmp_path, "train", [0, 3]).take(np.array([7, 0]))

    assert [split.row(position) for position in range(2)] == [9, 1]
    assert np.array_equal(split.read().input, images[[9, 1]])


def test_a_value_is_an_array_and_words(tmp_path, images):
    write(images, tmp_path)

    split = dataset.open_split(tmp_path, "train")

    assert np.array_equal(split.decoded("image", 3), images[3])
    assert split.text("label", 3) == "yes"


def test_any_tool_opens_it(tmp_path, images):
    write(images, tmp_path)

    opened = load_from_disk(str(tmp_path))

    assert opened["train"].features["label"].names == ["no", "yes"]
    assert (
        np.frombuffer(opened["test"][3]["image"], np.uint8).tolist() == images[3].ravel().tolist()
    )


def test_a_column_of_any_name_stands_beside_the_provenance(tmp_path):
    values = Schema({"name": Value("string"), "split": Value()})
    columns = {"name": Values(["ant", "bee"]), "split": np.array([1.0, 2.0], np.float32)}
    shards.save({"train": Split(values, columns, ["one", "two"])}, tmp_path)

    split = dataset.open_split(tmp_path, "train")

    assert split["name"][:] == ["ant", "bee"]
    assert (split.name(0), split.name(1)) == ("one", "two")


def test_the_same_examples_give_the_same_bytes(tmp_path, images):
    prints = [write(images, tmp_path / name) for name in ("a", "b")]

    files = [path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.*")]
    assert prints[0] == prints[1]
    assert len(files) == 8
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


@pytest.mark.parametrize("what", ["a pixel", "a label", "the order", "a name"])
def test_the_fingerprint_sees_a_change_of(tmp_path, images, what):
    names = [str(row) for row in range(10)]
    before = write(images, tmp_path / "a", names=names)
    labels = np.arange(10) % 2
    if what == "a pixel":
        images[0, 0, 0, 0] += 1
    elif what == "a label":
        labels[0] = 1
    elif what == "a name":
        names[9] = "nine"
    else:
        images = images[::-1]

    assert write(images, tmp_path / "b", labels, names) != before


def test_the_fingerprint_sees_where_a_text_ends(tmp_path):
    word = Schema({"word": Value("string")})

    prints = [
        shards.save({"train": Split(word, {"word": Values(words)})}, tmp_path / words[0])
        for words in (["ab", "c"], ["a", "bc"])
    ]

    assert prints[0] != prints[1]


def test_an_empty_split_comes_back_empty_for_any_tool(tmp_path, images):
    write(images[:0], tmp_path)

    assert dataset.open_split(tmp_path, "train").input.shape == (0, 4, 3, 1)
    assert load_from_disk(str(tmp_path))["train"].num_rows == 0


def test_a_folder_that_is_no_dataset_is_named(tmp_path):
    with pytest.raises(Stop, match=r"not a dataset: no dataset\.json$"):
        dataset.open_split(tmp_path, "train")


def test_a_split_that_there_is_not_is_named(tmp_path, images):
    write(images, tmp_path)

    with pytest.raises(Stop, match=r"no split 'valid'; there are train, test$"):
        dataset.open_split(tmp_path, "valid")


def test_two_splits_follow_one_another_without_a_copy_of_their_arrays(images):
    first, second = (
        Split(schema(images), {"image": images[part], "label": np.full(5, label)})
        for label, part in enumerate((slice(0, 5), slice(5, 10)))
    )

    both = concatenated(first, second)

    assert isinstance(both.input, Pieces)
    assert np.array_equal(both.input[:], images)
    assert both.target.tolist() == [0] * 5 + [1] * 5


@pytest.mark.parametrize("what", ["input", "target"])
def test_of_several_columns_none_is_the_only_one(images, what):
    number = Value()
    several = Schema({"a": number, "b": number, "c": number, "d": number}, ("c", "d"))
    split = Split(several, dict.fromkeys("abcd", np.zeros(2, np.float32)))

    with pytest.raises(ValueError, match=r"^too many values to unpack \(expected 1"):
        getattr(split, what)
