"""Images: arrays of one size, or image files of any."""

import io
import warnings
from collections import Counter
from pathlib import Path

import datasets
import numpy as np
import pandas as pd
import pytest
from datasets import Dataset
from PIL import Image as Picture

from components.base.errors import Stop
from components.data import dataset, shards
from components.data.codecs import Undecodable
from components.data.dataset import Split
from components.data.features.feature import TableColumn
from components.data.features.image import Image, small
from components.data.features.value import Value
from components.data.rows import Values
from components.data.schema import Schema
from tests.validate.made import photo

RED = np.full((4, 6, 3), (200, 10, 20), np.uint8)


def file(pixels, kind="PNG", mode=None):
    image = Picture.fromarray(pixels)
    buffer = io.BytesIO()
    (image.convert(mode) if mode else image).save(buffer, kind)
    return buffer.getvalue()


def kept(tmp_path, kind, values):
    """A column that is written and read back."""
    shards.save({"train": Split(Schema({"image": kind}), {"image": values})}, tmp_path)
    return dataset.open_split(tmp_path, "train")


def gathered(folder, values, feature=None):
    features = datasets.Features({"image": feature}) if feature else None
    table = Dataset.from_dict({"image": values}, features=features)
    kind = table.features["image"]
    return Image().gather(TableColumn("image", table["image"], kind, table, Path(folder), True))[1]


def test_files_come_back_byte_for_byte(tmp_path):
    files = [file(RED), b"no image", b"", file(RED, "JPEG")]

    split = kept(tmp_path, Image(), Values(files))

    assert split["image"][:] == files
    assert split.schema.input == Image()
    assert np.array_equal(split.decoded("image", 0), RED)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_arrays_come_back_as_they_were(tmp_path, dtype):
    images = np.arange(48).reshape(2, 4, 6, 1).astype(dtype)

    split = kept(tmp_path, Image((4, 6, 1), dtype, is_file=False), images)

    assert split["image"].dtype == dtype
    assert np.array_equal(split["image"], images)
    assert np.array_equal(split.decoded("image", 1), images[1])


@pytest.mark.parametrize("kind", [Image(), Image((4, 6, 3), is_file=False)])
def test_no_images_come_back(tmp_path, kind):
    assert len(kept(tmp_path, kind, kind.none())["image"]) == 0


def test_a_column_of_paths_is_their_files(tmp_path):
    (tmp_path / "red.png").write_bytes(file(RED))

    assert gathered(tmp_path, ["red.png", "red.png"])[np.array([1])] == [file(RED)]


def test_a_column_of_bytes_or_of_images_is_files(tmp_path):
    assert gathered(tmp_path, [file(RED), b"none"], datasets.Value("binary"))[1] == b"none"
    assert gathered(tmp_path, [{"bytes": file(RED), "path": None}], datasets.Image())[0] == file(
        RED
    )


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (["a.png", None], "1 rows have no value: row 1; remove them, or fill them in"),
        (["../a.png"], "1 paths leave {folder}, such as ../a.png"),
        (["b.png", "a.png"], "1 of 2 files are not in {folder}: b.png"),
        (["a\0.png", "a.png"], "1 of 2 files are not in {folder}: a\0.png"),
        (["a" * 300, "a.png"], f"1 of 2 files are not in {{folder}}: {'a' * 300}"),
        (
            [f"{number}.png" for number in range(10)],
            "10 of 10 files are not in {folder}: 0.png, 1.png, 2.png, 3.png, 4.png, 5.png, 6.png, "
            "7.png, 8.png, 9.png",
        ),
        (
            [f"{number}.png" for number in range(11)],
            "11 of 11 files are not in {folder}: 0.png, 1.png, 2.png, 3.png, 4.png, 5.png, 6.png, "
            "7.png, 8.png, 9.png, ...",
        ),
    ],
    ids=["no value", "outside", "missing", "a NUL", "too long", "some", "many are missing"],
)
def test_paths_that_are_no_files_are_named(tmp_path, paths, message):
    (tmp_path / "a.png").write_bytes(file(RED))

    with pytest.raises(Stop) as caught:
        gathered(tmp_path, paths)

    assert str(caught.value) == f"ingest.columns.image: {message.format(folder=tmp_path)}"


GREY = RED[..., 0]
DEEP = GREY.astype(np.uint16) * 257


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param([file(RED)] * 2, Image((4, 6, 3)), id="one size"),
        pytest.param([file(RED), file(RED[:2])], Image((None, None, 3)), id="two sizes"),
        pytest.param([file(GREY)], Image((4, 6, 1)), id="grey"),
        pytest.param([file(GREY), file(RED)], Image((4, 6, 3)), id="grey and colour"),
        pytest.param([file(DEEP)], Image((4, 6, 1), "uint16"), id="16 bits"),
        pytest.param([file(DEEP), file(GREY)], Image((4, 6, 1)), id="16 bits and 8"),
        pytest.param([file(GREY), b"no image"], Image((4, 6, 1)), id="one is no image"),
        pytest.param([b"no image"], Image(), id="none is an image"),
    ],
)
def test_what_files_say_of_the_whole_column(files, expected):
    kind = Image()

    assert kind.known(Counter(map(kind.observe, files))) == expected


def test_arrays_have_nothing_to_say_of_the_column():
    kind = Image((4, 6, 1), "float32", is_file=False)

    assert kind.observe(RED) is None
    assert kind.known(Counter([None, None])) == kind


def test_after_layers_an_image_is_an_array_of_floats_or_no_image():
    assert Image().after((3, 5, 3)) == Image((3, 5, 3), "float32", is_file=False)
    assert Image().after((45,)) == Value("float32", (45,))


def test_a_look_at_a_photo(tmp_path):
    pixels = photo(0)

    look = Image().look(file(pixels), "a.png")

    assert dict(look.findings) == {}
    assert look.facts == {"height": 96, "width": 96, "mode": "RGB", "format": "PNG"}
    assert look.measures == pytest.approx([*pixels.mean((0, 1)), *pixels.std((0, 1))])
    assert len(Image().measures) == len(look.measures)
    assert look.digest == Image((96, 96, 3), is_file=False).look(pixels, None).digest


@pytest.mark.parametrize(
    ("content", "findings"),
    [
        pytest.param(b"", {"corrupt": "the file is empty"}, id="empty"),
        pytest.param(b"text", {"foreign": "not an image"}, id="no image"),
        pytest.param(file(RED), {"constant": "of one colour or value"}, id="one colour"),
    ],
)
def test_what_is_wrong_with_a_file(content, findings):
    look = Image().look(content, "a.txt")

    assert dict(look.findings) == findings
    assert look.likeness is None


def test_an_array_that_is_not_finite_has_neither_measures_nor_a_likeness():
    pixels = photo(0).astype(np.float32)
    pixels[0, 0, 0] = np.nan

    look = Image((96, 96, 3), "float32", is_file=False).look(pixels, None)

    assert dict(look.findings) == {"not_finite": "holds NaN or infinity"}
    assert list(look.measures) == []
    assert look.likeness is None


def test_what_is_no_image_cannot_be_decoded():
    with pytest.raises(Undecodable, match=r"^not an image$"):
        Image().decode(b"text")


def test_arrays_and_no_files_at_all_are_not_odd():
    facts = pd.DataFrame({"height": [9, 1], "width": [9, 1], "mode": "L", "format": "PNG"})

    assert Image((9, 9, 1), is_file=False).odd(facts) == {}
    assert Image().odd(facts[:0]) == {}


def test_an_image_of_another_area_is_odd_whatever_its_shape():
    sides = [(90, 60)] * 9 + [(9, 6)]
    facts = pd.DataFrame(sides, columns=["width", "height"]).assign(mode="L", format="PNG")

    found = Image().odd(facts)

    assert found["odd_size"].to_dict() == {9: "9 x 6"}
    assert found["odd_aspect"].empty


@pytest.mark.parametrize(("width", "is_odd"), [(100, False), (105, True), (1, False), (0.9, True)])
def test_an_image_is_odd_beyond_ten_times_the_usual_area(width, is_odd):
    sides = [(10, 100)] * 9 + [(width, 100)]
    facts = pd.DataFrame(sides, columns=["width", "height"]).assign(mode="L", format="PNG")

    assert (9 in Image().odd(facts)["odd_size"]) == is_odd


@pytest.mark.parametrize(("usual", "is_odd"), [(19, False), (20, True)])
def test_a_format_of_less_than_a_twentieth_of_the_files_is_odd(usual, is_odd):
    formats = ["PNG"] * usual + ["BMP"]
    facts = pd.DataFrame({"width": 9, "height": 9, "mode": "L", "format": formats})

    assert (usual in Image().odd(facts)["odd_format"]) == is_odd


def test_a_thumbnail_correlates_with_itself_and_that_of_a_flat_image_with_nothing():
    noisy, flat = Image().thumbnail(file(photo(0))), Image().thumbnail(file(RED))

    assert noisy @ noisy == pytest.approx(1)
    assert noisy.mean() == pytest.approx(0, abs=1e-6)
    assert not flat.any()


@pytest.mark.parametrize(
    ("dtype", "scale", "shift"),
    [("uint8", 1, 0), ("uint16", 257, 0), ("float32", 1 / 255, 0), ("float64", 2, -300)],
)
def test_a_thumbnail_does_not_depend_on_the_range_of_the_values(dtype, scale, shift):
    grey = photo(0)[..., :1].astype(float)
    grey = np.round((grey - grey.min()) * 255 / np.ptp(grey))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = np.asarray(small((grey * scale + shift).astype(dtype)), int)

    assert np.abs(found - np.asarray(small(grey.astype(np.uint8)), int)).max() <= 1
