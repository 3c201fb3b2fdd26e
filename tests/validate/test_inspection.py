"""One look at every example."""

import warnings

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from components.data import shards
from components.data.dataset import Facts, Split
from components.validate.inspection import thumbnail
from tests.validate.made import (
    FILES,
    arrays,
    cut_off,
    file,
    files,
    opened,
    photo,
    photos,
    save,
    split,
)

TEXT = b"read me"
JPEG = file(photo(0), "JPEG")
CUT, WHY = cut_off()


def looked(folder, *examples, facts=FILES):
    """What is found of the files of a train split."""
    shards.save({"train": split(*examples)}, facts, folder)
    return opened(folder)[2]


@pytest.mark.parametrize(
    ("name", "content", "status", "reason"),
    [
        pytest.param("a.jpg", b"", "corrupt", "the file is empty", id="zero bytes"),
        pytest.param("a.txt", b"", "corrupt", "the file is empty", id="zero bytes of text"),
        pytest.param("a.jpg", TEXT, "corrupt", "not an image", id="text named as an image"),
        pytest.param("a", TEXT, "corrupt", "not an image", id="text without an ending"),
        pytest.param("a.txt", TEXT, "foreign", "not an image", id="text"),
        pytest.param("a.pdf", b"%PDF-1.7", "foreign", "not an image", id="PDF"),
        pytest.param("a.txt", JPEG, "ok", "", id="image named as text"),
        pytest.param("a.jpg", CUT, "truncated", WHY, id="cut off"),
    ],
)
def test_status_of_a_file(tmp_path, name, content, status, reason):
    one = looked(tmp_path / "set", (name, content, 0)).iloc[0]

    assert one["status"] == status
    assert one["reason"] == reason


def test_a_file_that_is_cut_off_in_its_header_is_corrupt(tmp_path):
    assert looked(tmp_path / "set", ("a.jpg", JPEG[:200], 0))["status"].tolist() == ["corrupt"]


def test_what_a_file_says_of_itself(tmp_path):
    one = looked(tmp_path / "set", ("a.jpg", file(photo(0, 40, 60), "JPEG"), 1)).iloc[0]

    assert one[["split", "label", "name", "row"]].tolist() == ["train", 1, "a.jpg", 0]
    assert one[["format", "mode", "height", "width"]].tolist() == ["JPEG", "RGB", 40, 60]


def test_equal_pixels_have_one_digest_whatever_the_format(tmp_path):
    examples = [("a.png", file(photo(0)), 0), ("a.bmp", file(photo(0), "BMP"), 0)]

    table = looked(tmp_path / "set", *examples, ("b.png", file(photo(1)), 0))

    assert table["digest"][0] == table["digest"][1] != table["digest"][2]


def test_equal_bytes_of_another_shape_differ(tmp_path):
    values = np.arange(24, dtype=np.uint8)
    examples = [
        ("tall.png", file(values.reshape(4, 2, 3)), 0),
        ("wide.png", file(values.reshape(2, 4, 3)), 0),
    ]

    assert looked(tmp_path / "set", *examples)["digest"].nunique() == 2


def test_measures_are_of_each_channel(tmp_path):
    pixels = photo(0)

    one = looked(tmp_path / "set", ("a.png", file(pixels), 0)).iloc[0]

    for channel in range(3):
        assert one[f"mean of channel {channel}"] == pytest.approx(pixels[..., channel].mean())
        assert one[f"contrast of channel {channel}"] == pytest.approx(pixels[..., channel].std())


def test_one_colour_is_constant_although_its_channels_differ(tmp_path):
    colour = np.full((4, 6, 3), (1, 2, 3), np.uint8)
    but_for_one = colour.copy()
    but_for_one[3, 5, 2] = 4

    table = looked(tmp_path / "set", ("a.png", file(colour), 0), ("b.png", file(but_for_one), 0))

    assert table["is_constant"].tolist() == [True, False]


@pytest.mark.parametrize("turned", [False, True])
def test_stripes_are_not_of_one_colour(tmp_path, turned):
    stripes = np.zeros((6, 6, 3), np.uint8)
    stripes[:, ::2] = 200

    one = looked(tmp_path / "set", ("a.png", file(stripes.swapaxes(0, turned)), 0))

    assert one["is_constant"].tolist() == [False]


def test_a_file_that_cannot_be_read_has_no_measures(tmp_path):
    table = looked(tmp_path / "set", ("a.jpg", b"", 0), ("b.txt", TEXT, 1))

    assert table.filter(like="channel").isna().all(axis=None)
    assert table["label"].tolist() == [0, 1]


def test_the_columns_have_one_type_whatever_is_in_the_splits(tmp_path):
    whole, broken, empty = (tmp_path / name for name in ("whole", "broken", "empty"))
    shards.save(files(photos(0, 1)), FILES, whole)
    shards.save(files([("a.jpg", b"", 0)], test=[], validation=[]), FILES, broken)
    shards.save(files([], test=[], validation=[]), FILES, empty)

    tables = [opened(folder)[2] for folder in (whole, broken, empty)]

    assert tables[0].dtypes["phash"] == np.uint64
    for one in tables[1:]:
        pd.testing.assert_series_equal(one.dtypes, tables[0].dtypes)


def test_hashes_of_several_shards_stay_whole(tmp_path):
    splits = files(photos(*range(8)))
    shards.save(splits, FILES, tmp_path / "set")
    together = opened(tmp_path / "set")[2]

    for row in range(8):
        alone = looked(tmp_path / str(row), *photos(row))
        assert alone["phash"][0] == together["phash"][row]


def test_rows_and_names_go_on_over_shards(tmp_path):
    splits, facts = arrays(train=(np.arange(12.0).reshape(6, 2), [0, 1] * 3))
    save(splits, facts, tmp_path / "set", shard=4)

    table = opened(tmp_path / "set")[2]

    assert table["row"].tolist() == [0, 1, 2, 3, 4, 5]
    assert table["name"].tolist() == [f"train:{row}" for row in range(6)]


@pytest.mark.parametrize(
    ("values", "is_constant", "is_finite"),
    [
        pytest.param([1, 2], False, True, id="two values"),
        pytest.param([3, 3], True, True, id="one value"),
        pytest.param([3], False, True, id="a single feature is no more constant than any"),
        pytest.param([np.nan, np.nan], False, False, id="NaN"),
        pytest.param([1, np.inf], False, False, id="infinity"),
    ],
)
def test_values_of_a_vector(tmp_path, values, is_constant, is_finite):
    splits, facts = arrays(train=(np.array([values], np.float32), [0]))
    shards.save(splits, facts, tmp_path / "set")

    one = opened(tmp_path / "set")[2].iloc[0]

    assert one["is_constant"] == is_constant
    assert one["is_finite"] == is_finite
    measured = one[[f"feature {place}" for place in range(len(values))]].tolist()
    assert np.array_equal(measured, values if is_finite else [np.nan] * len(values), equal_nan=True)


def test_features_of_a_matrix_are_numbered_through(tmp_path):
    splits, facts = arrays(train=(np.arange(6.0).reshape(1, 2, 3), [0]))
    shards.save(splits, facts, tmp_path / "set")

    assert opened(tmp_path / "set")[2]["feature 4"].tolist() == [4.0]


@pytest.mark.parametrize(
    ("dtype", "scale", "shift"),
    [("uint8", 1, 0), ("uint16", 257, 0), ("float32", 1 / 255, 0), ("float64", 2, -300)],
)
def test_a_thumbnail_does_not_depend_on_the_range_of_the_values(dtype, scale, shift):
    grey = photo(0)[..., :1].astype(float)
    grey = np.round((grey - grey.min()) * 255 / np.ptp(grey))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small = np.asarray(thumbnail((grey * scale + shift).astype(dtype)), int)

    assert np.abs(small - np.asarray(thumbnail(grey.astype(np.uint8)), int)).max() <= 1


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_images_of_any_number_of_channels_are_looked_at(tmp_path, channels):
    values = np.random.default_rng(0).integers(0, 256, (2, 6, 5, channels), np.uint8)
    facts = Facts((6, 5, channels), "uint8", ("a",), {})
    shards.save({"train": Split(values, np.zeros(2, np.int64))}, facts, tmp_path / "set")

    assert opened(tmp_path / "set")[2]["status"].tolist() == ["ok", "ok"]


def test_an_image_with_16_bits_is_measured_with_16_bits(tmp_path):
    deep = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8)
    facts = Facts((None, None, 1), "uint16", ("a",), {}, is_encoded=True)

    one = looked(tmp_path / "set", ("a.png", file(Image.fromarray(deep)), 0), facts=facts).iloc[0]

    assert one["mode"] == "I;16"
    assert one["mean of channel 0"] == pytest.approx(deep.mean())
