"""Examples as arrays of one shape."""

import io

import keras
import numpy as np
import pytest
from PIL import Image

from components.base.errors import Mistakes, Stop
from components.data import codecs, dataset, examples, shards
from components.data.dataset import Split
from components.data.examples import Examples, nearest
from components.data.features import image
from components.data.features.class_label import ClassLabel
from components.data.features.mask import Mask
from components.data.features.value import Value
from components.data.rows import Values
from components.data.schema import Schema
from components.layers.contrast import GlobalContrastNormalization


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
    split = ragged(tmp_path, [encoded(4, 6), encoded(8, 2), encoded(5, 5)])
    layers = [keras.layers.Resizing(3, 3), keras.layers.Rescaling(0.5)]

    result = Examples(split, layers).array()

    assert split.schema.input.is_ragged
    assert result.shape == (3, 3, 3, 3)
    assert result[1, 0, 0].tolist() == [100, 0, 0]


def jpeg(height, width, mode="RGB", kind="JPEG", **options):
    random = np.random.default_rng(height).integers(0, 256, (height // 8, width // 8, 3), np.uint8)
    photo = Image.fromarray(random).resize((width, height)).convert(mode)
    buffer = io.BytesIO()
    photo.save(buffer, kind, **{"quality": 95, **options})
    return buffer.getvalue()


def turned():
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


FILES = {
    "baseline": jpeg(480, 640),
    "odd": jpeg(333, 517),
    "progressive": jpeg(480, 640, progressive=True),
    "all of the colour": jpeg(480, 640, subsampling=0),
    "half of the colour": jpeg(480, 640, subsampling=1),
    "RGB": jpeg(480, 640, keep_rgb=True),
    "poor": jpeg(480, 640, quality=10),
    "restarting": jpeg(480, 640, restart_marker_rows=1),
    "cut off": jpeg(480, 640)[:20000],
    "turned": jpeg(480, 640, exif=turned()),
    "CMYK": jpeg(480, 640, "CMYK"),
    "grey": jpeg(480, 640, "L"),
    "of a phone": jpeg(
        480, 640, kind="MPO", save_all=True, append_images=[Image.new("RGB", (8, 8))]
    ),
    "small": jpeg(16, 24),
    "no JPEG": encoded(48, 64),
}
DECODED_BY_PILLOW = {"turned", "CMYK", "of a phone", "no JPEG"}


@pytest.mark.parametrize("side", [200, 100, 50, 20])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", FILES)
def test_whoever_decodes_a_file_its_image_is_the_same(monkeypatch, name, channels, side):
    column = image.Image((None, None, channels))
    split = Split(Schema({"image": column}), {"image": Values([FILES[name]])})
    layers = [keras.layers.Resizing(side, side, antialias=True)]
    found = Examples(split, layers).array()
    scale = examples.jpeg_scale(FILES[name], channels, (2 * side, 2 * side))

    monkeypatch.setattr(examples, "jpeg_scale", lambda *_: None)

    assert np.array_equal(found, Examples(split, layers).array())
    is_alike = (name == "grey") == (channels == 1)
    assert (scale is None) == (name in DECODED_BY_PILLOW or not is_alike)


@pytest.mark.parametrize("side", [None, 200, 100, 50, 20])
@pytest.mark.parametrize("name", sorted(set(FILES) - {"cut off"} - DECODED_BY_PILLOW))
def test_the_scale_of_a_jpeg_is_that_of_its_pixels(name, side):
    least = (side, side) if side else None
    channels = 1 if name == "grey" else 3
    whole = codecs.decode(FILES[name], channels)

    scale = codecs.jpeg_scale(FILES[name], channels, least)

    height, width, _ = codecs.decode(FILES[name], channels, least=least).shape
    assert (height, width) == (-(-whole.shape[0] // scale), -(-whole.shape[1] // scale))


@pytest.mark.parametrize("settings", [{}, {"crop_to_aspect_ratio": True}])
def test_of_a_resizing_that_antialiases_comes_what_comes_of_whole_photos(tmp_path, settings):
    split = ragged(tmp_path, [jpeg(480, 640), jpeg(320, 200), jpeg(40, 40)])
    layer = keras.layers.Resizing(48, 64, antialias=True, **settings)

    found = Examples(split, [layer]).array()

    for row, one in enumerate(found):
        whole = np.asarray(layer(split.decoded("image", row).astype(np.float32)))
        assert np.abs(one - whole).mean() < 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_only_a_resizing_that_antialiases_may_be_given_a_part_of_the_size(
    tmp_path, monkeypatch, kind
):
    asked = []
    real = image.Image.decode_least, examples.jpeg_scale

    def decode(self, value, least=None):
        asked.append(least)
        return real[0](self, value, least)

    def scale(file, channels, least=None):
        asked.append(least)
        return real[1](file, channels, least)

    monkeypatch.setattr(image.Image, "decode_least", decode)
    monkeypatch.setattr(examples, "jpeg_scale", scale)
    split = ragged(tmp_path, [jpeg(480, 640, kind=kind)])
    for settings in ({}, {"interpolation": "nearest", "antialias": True}, {"antialias": True}):
        Examples(split, [keras.layers.Resizing(48, 64, **settings)]).array()

    each = 1 if kind == "JPEG" else 2
    assert asked == [None] * (2 * each) + [(96, 128)] * each


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


def masked(tmp_path, sizes, mask_sizes):
    """Images of a square in a corner, and masks of where it is."""
    images, masks = [], []
    for (height, width), (rows, columns) in zip(sizes, mask_sizes, strict=True):
        image = np.zeros((height, width, 3), np.uint8)
        image[: height // 2, : width // 2] = 200
        mask = np.zeros((rows, columns), np.uint8)
        mask[: rows // 2, : columns // 2] = 2
        for values, files in ((image, images), (mask, masks)):
            buffer = io.BytesIO()
            Image.fromarray(values).save(buffer, "PNG")
            files.append(buffer.getvalue())
    schema = Schema({"image": image_kind(sizes), "mask": Mask(tuple("abc"))}, ("mask",))
    split = Split(schema, {"image": Values(images), "mask": Values(masks)})
    shards.save({"train": split}, tmp_path)
    return dataset.open_split(tmp_path, "train")


def image_kind(sizes):
    shape = (*sizes[0], 3) if len(set(sizes)) == 1 else (None, None, 3)
    return image.Image(shape)


def test_masks_come_with_their_images_in_the_size_that_these_get(tmp_path):
    sizes = [(8, 12), (20, 16), (10, 10)]
    split = masked(tmp_path, sizes, [(8, 12), (10, 8), (30, 30)])
    layers = [keras.layers.Resizing(4, 6), keras.layers.Rescaling(0.5)]

    ((images, found),) = Examples(split, layers).moved()

    assert images.shape == (3, 4, 6, 3)
    assert found["mask"].shape == (3, 4, 6)
    assert found["mask"].dtype == np.uint8
    for one, mask in zip(images, found["mask"], strict=True):
        assert np.array_equal(mask, np.where(one[..., 0] > 50, 2, 0))


def test_masks_come_in_the_chunks_of_their_images(tmp_path):
    split = masked(tmp_path, [(400, 600)] * 5, [(400, 600)] * 5)

    chunks = [(len(images), len(found["mask"])) for images, found in Examples(split).moved()]

    assert chunks == [(2, 2), (2, 2), (1, 1)]


class Turning(keras.layers.Layer):
    """A layer of one's own that moves what it takes."""

    def call(self, inputs):
        return inputs[:, ::-1]


class Darker(keras.layers.Identity):
    """One that leaves every pixel in its place, and says so by what it extends."""

    def call(self, inputs):
        return keras.ops.cast(inputs, "float32") * 0.5


@pytest.mark.parametrize(
    "layer",
    [Turning, lambda: keras.layers.Permute((2, 1, 3), name="turning")],
    ids=["own", "Keras"],
)
def test_a_layer_that_may_move_images_off_their_masks_is_refused(tmp_path, layer):
    split = masked(tmp_path, [(8, 8)] * 2, [(8, 8)] * 2)
    layers = [keras.layers.Rescaling(0.5), layer()]

    with pytest.raises(Mistakes) as caught:
        next(Examples(split, layers).moved())

    (problem,) = caught.value.problems
    assert problem.location == ("preprocess", 1)
    assert problem.message == (
        f"{type(layers[1]).__name__} is not known to leave images on their masks; "
        "one that does extends keras.layers.Identity"
    )


@pytest.mark.parametrize("layer", [Darker, GlobalContrastNormalization])
def test_layers_that_leave_pixels_in_their_places_keep_masks(tmp_path, layer):
    split = masked(tmp_path, [(8, 8)] * 2, [(8, 8)] * 2)

    ((images, found),) = Examples(split, [layer()]).moved()

    assert np.array_equal(found["mask"] == 2, images[..., 0] == images.max())


def test_a_mask_is_not_laid_over_an_image_of_another_size(tmp_path):
    split = masked(tmp_path, [(8, 12)] * 2, [(4, 6)] * 2)

    with pytest.raises(Stop) as caught:
        next(Examples(split).moved())

    assert str(caught.value) == (
        "images are 8x12 after preprocess, their masks 4x6; a Resizing gives both one size, other "
        "layers leave masks as they are"
    )


def test_without_masks_nothing_moves(tmp_path):
    split = ragged(tmp_path, [encoded(4, 6)] * 3, (4, 6, 3))

    ((images, found),) = Examples(split).moved()

    assert images.shape == (3, 4, 6, 3)
    assert found == {}


@pytest.mark.parametrize("size", [(37, 23), (5, 5), (1, 1), (99, 3)])
def test_the_nearest_pixel_makes_no_class(size):
    mask = np.kron(np.array([[0, 3], [3, 0]], np.uint8), np.ones((5, 5), np.uint8))

    found = nearest(mask, *size)

    assert found.shape == size
    assert found.dtype == np.uint8
    assert set(np.unique(found)) <= {0, 3}


def test_the_nearest_pixel_is_the_one_under_its_middle():
    line = np.arange(6).reshape(1, 6)

    assert nearest(line, 1, 6) is line
    assert nearest(line, 1, 3).tolist() == [[1, 3, 5]]
    assert nearest(line, 2, 9).tolist() == [[0, 1, 1, 2, 3, 3, 4, 5, 5]] * 2


def test_what_is_made_larger_and_small_again_is_as_it_was():
    pixels = np.random.default_rng(0).integers(0, 255, (7, 5, 3))

    assert np.array_equal(nearest(nearest(pixels, 21, 35), 7, 5), pixels)
