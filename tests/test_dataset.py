"""Datasets on disk."""

import io

import numpy as np
import pytest
from datasets import load_from_disk
from PIL import Image

from components import dataset
from components.dataset import Split, decode
from components.errors import Stop
from components.examples import Examples


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (10, 4, 3, 1), np.uint8)


def write(images, folder, labels=None):
    labels = np.arange(len(images)) % 2 if labels is None else labels
    split = Split(images, labels.astype(np.int64))
    return dataset.save({"train": split, "test": split}, images.shape[1:], ["no", "yes"], folder)


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


@pytest.mark.parametrize("what", ["a pixel", "a label", "the order"])
def test_the_fingerprint_sees_a_change_of(tmp_path, images, what):
    before = write(images, tmp_path / "a")
    labels = np.arange(10) % 2
    if what == "a pixel":
        images[0, 0, 0, 0] += 1
    elif what == "a label":
        labels[0] = 1
    else:
        images = images[::-1]

    assert write(images, tmp_path / "b", labels) != before


def test_an_empty_split_comes_back_empty(tmp_path, images):
    write(images[:0], tmp_path)

    assert dataset.open_split(tmp_path, "train").array.shape == (0, 4, 3, 1)


def test_a_folder_that_is_no_dataset_is_named(tmp_path):
    with pytest.raises(Stop, match=r"not a dataset: no dataset\.json$"):
        dataset.open_split(tmp_path, "train")


def test_a_split_that_there_is_not_is_named(tmp_path, images):
    write(images, tmp_path)

    with pytest.raises(Stop, match=r"no split 'valid'; there are train, test$"):
        dataset.open_split(tmp_path, "valid")


def encoded(height, width, mode="RGB"):
    buffer = io.BytesIO()
    Image.new(mode, (width, height), 200 if mode == "L" else (200, 0, 0)).save(buffer, "PNG")
    return buffer.getvalue()


def test_images_of_several_sizes_get_one_from_the_resizing(tmp_path):
    import keras

    files = [encoded(4, 6), encoded(8, 2), encoded(5, 5)]
    split = Split(files, np.array([0, 1, 0]))
    dataset.save({"train": split}, (None, None, 3), ["a", "b"], tmp_path)
    facts = dataset.read_facts(tmp_path)
    layers = [keras.layers.Resizing(3, 3), keras.layers.Rescaling(0.5)]

    result = Examples(dataset.open_split(tmp_path, "train"), facts, layers, size=2).array()

    assert facts.is_encoded
    assert result.shape == (3, 3, 3, 3)
    assert result[1, 0, 0].tolist() == [100, 0, 0]


def test_grey_files_decode_to_one_channel():
    assert decode(encoded(2, 3, "L"), 1).shape == (2, 3, 1)


def test_a_turned_photo_is_put_upright():
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by 90 degrees
    Image.new("RGB", (6, 4)).save(buffer, "JPEG", exif=exif)

    assert decode(buffer.getvalue(), 3).shape == (6, 4, 3)
