"""Datasets on disk, and the arrays that are read from them."""

import io

import numpy as np
import pytest
from datasets import load_from_disk
from PIL import Image

from components.base.errors import Stop
from components.data import dataset, shards
from components.data.dataset import Facts, Pieces, Selected, Split
from components.data.examples import Examples


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (10, 4, 3, 1), np.uint8)


def facts(images):
    return Facts(images.shape[1:], str(images.dtype), ("no", "yes"), {})


def write(images, folder, labels=None, names=None):
    labels = np.arange(len(images)) % 2 if labels is None else labels
    split = Split(images, labels.astype(np.int64), names)
    return shards.save({"train": split, "test": split}, facts(images), folder)


@pytest.mark.parametrize("dtype", ["uint8", "float32", "int16"])
def test_what_was_saved_comes_back(tmp_path, images, dtype):
    write(images.astype(dtype), tmp_path)

    split = dataset.open_split(tmp_path, "train")

    assert np.array_equal(split.array, images.astype(dtype))
    assert split.labels.tolist() == [0, 1] * 5
    assert dataset.read_facts(tmp_path).counts == {"train": 10, "test": 10}


def test_examples_are_views_of_the_file(tmp_path, images):
    write(images, tmp_path)

    split = dataset.open_split(tmp_path, "train")

    assert not split.array.flags.owndata
    assert not split.array.flags.writeable


def test_dropped_rows_are_left_out(tmp_path, images):
    write(images, tmp_path, names=[f"{row}.png" for row in range(10)])

    split = dataset.open_split(tmp_path, "train", [0, 3])

    assert np.array_equal(split.array[:], np.delete(images, [0, 3], axis=0))
    assert split.labels.tolist() == [1, 0, 0, 1, 0, 1, 0, 1]
    assert split.name(1) == "2.png"


def test_any_tool_opens_it(tmp_path, images):
    write(images, tmp_path)

    opened = load_from_disk(str(tmp_path))

    assert opened["train"].features["label"].names == ["no", "yes"]
    assert (
        np.frombuffer(opened["test"][3]["input"], np.uint8).tolist() == images[3].ravel().tolist()
    )


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


def test_an_empty_split_comes_back_empty_for_any_tool(tmp_path, images):
    write(images[:0], tmp_path)

    assert dataset.open_split(tmp_path, "train").array.shape == (0, 4, 3, 1)
    assert load_from_disk(str(tmp_path))["train"].num_rows == 0


def test_a_folder_that_is_no_dataset_is_named(tmp_path):
    with pytest.raises(Stop, match=r"not a dataset: no dataset\.json$"):
        dataset.open_split(tmp_path, "train")


def test_a_split_that_there_is_not_is_named(tmp_path, images):
    write(images, tmp_path)

    with pytest.raises(Stop, match=r"no split 'valid'; there are train, test$"):
        dataset.open_split(tmp_path, "valid")


@pytest.mark.parametrize(
    "index",
    [
        pytest.param(slice(0, 4), id="a piece"),
        pytest.param(slice(5, 7), id="inside of a piece"),
        pytest.param(slice(2, 9), id="over several pieces"),
        pytest.param(slice(None, None, 3), id="with a step"),
        pytest.param(slice(8, 3), id="nothing"),
        pytest.param(np.array([9, 0, 4, 4]), id="rows in any order"),
        pytest.param(np.array([-1, 2]), id="rows from the end"),
        pytest.param(np.array([], int), id="no rows"),
        pytest.param(7, id="one row"),
    ],
)
def test_pieces_are_indexed_like_one_array(images, index):
    pieces = Pieces([images[:4], images[4:5], images[5:]])

    assert pieces.shape == images.shape
    assert np.array_equal(pieces[index], images[index])
    assert np.array_equal(np.asarray(pieces), images)


def test_rows_beyond_the_pieces_are_refused(images):
    with pytest.raises(IndexError, match=r"^a row of 0 to 10 is not in 10$"):
        Pieces([images[:4], images[4:]])[np.array([0, 10])]


def test_a_selection_reads_only_when_it_is_asked():
    read = []

    class Counting:
        def __getitem__(self, index):
            read.append(index)
            return index * 10

    selected = Selected(Counting(), np.array([5, 7]))

    assert (len(selected), read) == (2, [])
    assert selected[1] == 70


def encoded(height, width, mode="RGB"):
    buffer = io.BytesIO()
    Image.new(mode, (width, height), 200 if mode == "L" else (200, 0, 0)).save(buffer, "PNG")
    return buffer.getvalue()


def ragged(tmp_path, files, shape=(None, None, 3)):
    split = Split(files, np.arange(len(files)) % 2)
    known = Facts(shape, "uint8", ("a", "b"), {}, is_encoded=True)
    shards.save({"train": split}, known, tmp_path)
    return dataset.open_split(tmp_path, "train"), dataset.read_facts(tmp_path)


def test_images_of_several_sizes_get_one_from_the_resizing(tmp_path):
    import keras

    split, known = ragged(tmp_path, [encoded(4, 6), encoded(8, 2), encoded(5, 5)])
    layers = [keras.layers.Resizing(3, 3), keras.layers.Rescaling(0.5)]

    result = Examples(split, known, layers).array()

    assert known.is_ragged
    assert result.shape == (3, 3, 3, 3)
    assert result[1, 0, 0].tolist() == [100, 0, 0]


def test_image_files_of_one_size_need_no_resizing(tmp_path):
    split, known = ragged(tmp_path, [encoded(4, 6)] * 3, (4, 6, 3))

    assert Examples(split, known).array().shape == (3, 4, 6, 3)


def test_chunks_are_of_so_many_bytes(tmp_path):
    split, known = ragged(tmp_path, [encoded(400, 600)] * 9, (400, 600, 3))

    assert [len(chunk) for chunk in Examples(split, known)] == [2, 2, 2, 2, 1]
