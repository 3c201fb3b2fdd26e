"""Examples as arrays of one shape."""

import io

import numpy as np
from PIL import Image

from components.data import dataset, shards
from components.data.dataset import Split
from components.data.examples import Examples
from components.data.features import image
from components.data.features.class_label import ClassLabel
from components.data.features.value import Value
from components.data.rows import Values
from components.data.schema import Schema


def encoded(height, width, mode="RGB"):
    buffer = io.BytesIO()
    Image.new(mode, (width, height), 200 if mode == "L" else (200, 0, 0)).save(buffer, "PNG")
    return buffer.getvalue()


def ragged(tmp_path, files, shape=(None, None, 3)):
    columns = {"image": image.Image(shape), "label": ClassLabel(("a", "b"))}
    labels = np.arange(len(files)) % 2
    split = Split(Schema(columns, ("label",)), {"image": Values(files), "label": labels})
    shards.save({"train": split}, tmp_path)
    return dataset.open_split(tmp_path, "train")


def test_images_of_several_sizes_get_one_from_the_resizing(tmp_path):
    import keras

    split = ragged(tmp_path, [encoded(4, 6), encoded(8, 2), encoded(5, 5)])
    layers = [keras.layers.Resizing(3, 3), keras.layers.Rescaling(0.5)]

    result = Examples(split, layers).array()

    assert split.schema.input.is_ragged
    assert result.shape == (3, 3, 3, 3)
    assert result[1, 0, 0].tolist() == [100, 0, 0]


def test_image_files_of_one_size_need_no_resizing(tmp_path):
    split = ragged(tmp_path, [encoded(4, 6)] * 3, (4, 6, 3))

    assert Examples(split).array().shape == (3, 4, 6, 3)


def test_chunks_are_of_so_many_bytes(tmp_path):
    split = ragged(tmp_path, [encoded(400, 600)] * 9, (400, 600, 3))

    assert [len(chunk) for chunk in Examples(split)] == [2, 2, 2, 2, 1]


def test_several_inputs_come_by_their_names():
    schema = Schema({"width": Value(), "height": Value("int64"), "label": Value()}, ("label",))
    numbers = np.arange(3.0, dtype=np.float32)
    columns = {"width": numbers, "height": np.arange(3) * 10, "label": numbers}

    result = Examples(Split(schema, columns)).array()

    assert result.keys() == {"width", "height"}
    assert result["height"].tolist() == [0, 10, 20]
