"""One look at every example."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from components.data import shards
from components.data.dataset import Split
from components.data.features.class_label import ClassLabel
from components.data.features.image import Image as Images
from components.data.features.value import Value
from components.data.schema import Schema
from components.validate.inspection import beginning, titles
from tests.validate.made import (
    FILES,
    arrays,
    cut_off,
    file,
    files,
    looked,
    opened,
    photo,
    photos,
    save,
    tabular,
)

TEXT = b"read me"
JPEG = file(photo(0), "JPEG")
CUT, WHY = cut_off()
CONSTANT, NOT_FINITE = "of one colour or value", "holds NaN or infinity"


def reasons(one):
    """What was found in an example, and why."""
    found = one.filter(like="reason ").dropna()
    return {name.removeprefix("reason "): why for name, why in found.items()}


@pytest.mark.parametrize(
    ("name", "content", "status", "reason"),
    [
        pytest.param("a.jpg", b"", "corrupt", "the file is empty", id="zero bytes"),
        pytest.param("a.txt", b"", "corrupt", "the file is empty", id="zero bytes of text"),
        pytest.param("a.jpg", TEXT, "corrupt", "not an image", id="text named as an image"),
        pytest.param("a", TEXT, "corrupt", "not an image", id="text without an ending"),
        pytest.param("a.txt", TEXT, "foreign", "not an image", id="text"),
        pytest.param("a.pdf", b"%PDF-1.7", "foreign", "not an image", id="PDF"),
        pytest.param("a.txt", JPEG, None, None, id="image named as text"),
        pytest.param("a.jpg", CUT, "truncated", WHY, id="cut off"),
    ],
)
def test_status_of_a_file(tmp_path, name, content, status, reason):
    one = looked(tmp_path / "set", (name, content, 0)).iloc[0]

    assert reasons(one) == ({status: reason} if status else {})


def test_a_file_that_is_cut_off_in_its_header_is_corrupt(tmp_path):
    one = looked(tmp_path / "set", ("a.jpg", JPEG[:200], 0)).iloc[0]

    assert list(reasons(one)) == ["corrupt"]


def test_what_a_file_says_of_itself(tmp_path):
    one = looked(tmp_path / "set", ("a.jpg", file(photo(0, 40, 60), "JPEG"), 1)).iloc[0]

    assert one[["split", "value label", "name", "row"]].tolist() == ["train", "bee", "a.jpg", 0]
    facts = [f"fact image {fact}" for fact in ("format", "mode", "height", "width")]
    assert one[facts].tolist() == ["JPEG", "RGB", 40, 60]


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

    one = one.rename(lambda name: name.removeprefix("measure image "))
    for channel in range(3):
        assert one[f"mean of channel {channel}"] == pytest.approx(pixels[..., channel].mean())
        assert one[f"contrast of channel {channel}"] == pytest.approx(pixels[..., channel].std())


def test_one_colour_is_constant_although_its_channels_differ(tmp_path):
    colour = np.full((4, 6, 3), (1, 2, 3), np.uint8)
    but_for_one = colour.copy()
    but_for_one[3, 5, 2] = 4

    table = looked(tmp_path / "set", ("a.png", file(colour), 0), ("b.png", file(but_for_one), 0))

    assert [reasons(one) for _, one in table.iterrows()] == [{"constant": CONSTANT}, {}]


@pytest.mark.parametrize("turned", [False, True])
def test_stripes_are_not_of_one_colour(tmp_path, turned):
    stripes = np.zeros((6, 6, 3), np.uint8)
    stripes[:, ::2] = 200

    one = looked(tmp_path / "set", ("a.png", file(stripes.swapaxes(0, turned)), 0))

    assert reasons(one.iloc[0]) == {}


def test_a_file_that_cannot_be_read_has_no_measures(tmp_path):
    table = looked(tmp_path / "set", ("a.jpg", b"", 0), ("b.txt", TEXT, 1))

    assert table.filter(like="channel").isna().all(axis=None)
    assert table["value label"].tolist() == ["ant", "bee"]


def test_the_columns_have_one_type_whatever_is_in_the_splits(tmp_path):
    whole, broken, empty = (tmp_path / name for name in ("whole", "broken", "empty"))
    shards.save(files(photos(0, 1)), whole)
    shards.save(files([("a.jpg", b"", 0)], test=[], validation=[]), broken)
    shards.save(files([], test=[], validation=[]), empty)

    tables = [opened(folder)[1] for folder in (whole, broken, empty)]

    whole, *others = (table.dtypes for table in tables)
    assert whole["likeness"] == pd.UInt64Dtype()
    for one in others:
        shared = [name for name in whole.index if name in one.index]
        assert {"likeness", "digest", "truth", "value label"} < {*shared}
        pd.testing.assert_series_equal(one[shared], whole[shared])


def test_hashes_of_several_shards_stay_whole(tmp_path):
    splits = files([*photos(*range(8)), ("a.jpg", b"", 0)])
    save(splits, tmp_path / "set", shard=3)
    together = opened(tmp_path / "set")[1]

    for row in range(8):
        alone = looked(tmp_path / str(row), *photos(row))
        assert int(alone["likeness"][0]) == int(together["likeness"][row])
    assert together["likeness"][:9].isna().tolist() == [False] * 8 + [True]
    assert max(map(int, together["likeness"].dropna())) > 2**63


def test_rows_and_names_go_on_over_shards(tmp_path):
    splits = arrays(train=(np.arange(12.0).reshape(6, 2), [0, 1] * 3))
    save(splits, tmp_path / "set", shard=4)

    table = opened(tmp_path / "set")[1]

    assert table["row"].tolist() == [0, 1, 2, 3, 4, 5]
    assert table["name"].tolist() == [f"train:{row}" for row in range(6)]


@pytest.mark.parametrize(
    ("values", "found"),
    [
        pytest.param([1, 2], {}, id="two values"),
        pytest.param([3, 3], {"constant": CONSTANT}, id="one value"),
        pytest.param([3], {}, id="a single feature is no more constant than any"),
        pytest.param([np.nan, np.nan], {"not_finite": NOT_FINITE}, id="NaN"),
        pytest.param([1, np.inf], {"not_finite": NOT_FINITE}, id="infinity"),
    ],
)
def test_values_of_a_vector(tmp_path, values, found):
    splits = arrays(train=(np.array([values], np.float32), [0]))
    shards.save(splits, tmp_path / "set")

    one = opened(tmp_path / "set")[1].iloc[0]

    assert reasons(one) == found
    measured = one[[f"measure features feature {place}" for place in range(len(values))]].tolist()
    expected = [np.nan] * len(values) if "not_finite" in found else values
    assert np.array_equal(measured, expected, equal_nan=True)


def test_features_of_a_matrix_are_numbered_through(tmp_path):
    splits = arrays(train=(np.arange(6.0).reshape(1, 2, 3), [0]))
    shards.save(splits, tmp_path / "set")

    assert opened(tmp_path / "set")[1]["measure features feature 4"].tolist() == [4.0]


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_images_of_any_number_of_channels_are_looked_at(tmp_path, channels):
    values = np.random.default_rng(0).integers(0, 256, (2, 6, 5, channels), np.uint8)
    shards.save(arrays("a", train=(values, [0, 0])), tmp_path / "set")

    table = opened(tmp_path / "set")[1]

    assert [reasons(one) for _, one in table.iterrows()] == [{}, {}]
    assert table.filter(like="channel").notna().all(axis=None)
    assert table.filter(like="channel").shape == (2, 2 * channels)


def test_an_image_with_16_bits_is_measured_with_16_bits(tmp_path):
    deep = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8)
    schema = FILES.replacing({"image": Images((None, None, 1), "uint16")})
    example = ("a.png", file(Image.fromarray(deep)), 0)

    one = looked(tmp_path / "set", example, schema=schema).iloc[0]

    assert one["fact image mode"] == "I;16"
    assert one["measure image mean of channel 0"] == pytest.approx(deep.mean())


def test_a_row_of_a_table_is_looked_at_column_by_column(tmp_path):
    kinds = {
        "petal": Images(),
        "petal width": Value(),
        "place": Value("string"),
        "label": ClassLabel(("ant", "bee")),
    }
    row = {"petal": [file(photo(0))], "petal width": [2.5], "place": ["north"], "label": [1]}
    splits = tabular(kinds, train=row)
    shards.save(splits, tmp_path / "set")

    one = opened(tmp_path / "set")[1].iloc[0]

    assert reasons(one) == {}
    assert one[["value place", "value label", "measure petal width value"]].tolist() == [
        "north",
        "bee",
        2.5,
    ]
    assert titles(splits["train"].schema) == {
        **{f"measure petal {one}": f"{one} of petal" for one in Images().measures},
        "measure petal width value": "petal width",
    }
    assert len(beginning(one.to_frame().T, "measure ")) == 7


@pytest.mark.parametrize("changed", ["width", "place", "label"])
def test_examples_are_equal_where_all_that_they_are_learned_from_is(tmp_path, changed):
    kinds = {"width": Value(), "place": Value("string"), "label": ClassLabel("ab")}
    rows = {"width": [1, 1], "place": ["x", "x"], "label": [0, 0]}
    rows |= {changed: {"width": [1, 2], "place": ["x", "y"], "label": [0, 1]}[changed]}
    shards.save(tabular(kinds, train=rows), tmp_path / "set")

    found = opened(tmp_path / "set")[1]

    assert found["digest"].nunique() == (1 if changed == "label" else 2)
    assert found["truth"].nunique() == (2 if changed == "label" else 1)


def test_pictures_of_one_example_that_differ_in_size_are_told(tmp_path):
    kinds = {"left": Images(), "right": Images(), "label": ClassLabel("a")}
    small, large = file(photo(0, 40, 60)), file(photo(1))
    rows = {"left": [large, large], "right": [large, small], "label": [0, 0]}
    shards.save(tabular(kinds, train=rows), tmp_path / "set")

    found = opened(tmp_path / "set")[1]

    assert [reasons(one) for _, one in found.iterrows()] == [
        {},
        {"unequal_size": "40 x 60 and 96 x 96, height and width"},
    ]


def test_what_is_to_be_learned_may_be_the_same_in_every_place(tmp_path):
    kinds = {"x": Value("float32", (3,)), "tags": Value("float32", (3,))}
    rows = {"x": np.eye(3, dtype=np.float32), "tags": np.zeros((3, 3), np.float32)}
    folder = tmp_path / "raw"
    shards.save({"train": Split(Schema(kinds, ("tags",)), rows)}, folder)
    assert not any(reasons(one) for _, one in opened(folder)[1].iterrows())

    other = tmp_path / "other"
    shards.save({"train": Split(Schema(kinds, ("x",)), rows)}, other)
    found = [reasons(one) for _, one in opened(other)[1].iterrows()]
    assert found == [{"constant": CONSTANT}] * 3
