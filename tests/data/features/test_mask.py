"""Masks: what the values of their files mean, and what is wrong with one."""

import io
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture

from components.base.masks import IGNORE
from components.data import dataset, shards
from components.data.codecs import Undecodable
from components.data.dataset import Split
from components.data.features.mask import Mask
from components.data.rows import Values
from components.data.schema import Schema

HORSES = Path(__file__).parents[4] / "shared/data/weizmann-horses/weizmann_horse_db"
TWO = Mask(("a", "b"))


def file(values, kind="PNG", dtype=np.uint8, **options):
    buffer = io.BytesIO()
    Picture.fromarray(np.array(values, dtype)).save(buffer, kind, **options)
    return buffer.getvalue()


def kept(tmp_path, kind, values):
    """A column that is written and read back."""
    shards.save({"train": Split(Schema({"mask": kind}), {"mask": values})}, tmp_path)
    return dataset.open_split(tmp_path, "train")


@pytest.mark.parametrize(
    ("settings", "values", "expected"),
    [
        pytest.param({}, [[0, 1]], [[0, 1]], id="a value is a label"),
        pytest.param({"threshold": 128}, [[0, 127, 128, 255]], [[0, 0, 1, 1]], id="threshold"),
        pytest.param({"values": (255, 0)}, [[0, 255]], [[1, 0]], id="named values"),
        pytest.param({"ignore": 9}, [[0, 9, 1]], [[0, IGNORE, 1]], id="what counts for nothing"),
        pytest.param(
            {"threshold": 100, "ignore": 99}, [[99, 98, 200]], [[IGNORE, 0, 1]], id="both"
        ),
        pytest.param({"values": (7, 0), "ignore": 255}, [[0, 7, 255]], [[1, 0, IGNORE]], id="VOC"),
    ],
)
def test_values_of_a_file_become_labels(settings, values, expected):
    found = Mask(("a", "b"), **settings).decode(file(values))

    assert found.dtype == np.uint8
    assert found.tolist() == expected


def test_a_file_of_16_bits_has_a_threshold_too():
    found = Mask(("a", "b"), threshold=40_000).decode(file([[39_999, 40_000]], dtype=np.uint16))

    assert found.tolist() == [[0, 1]]


def test_a_palette_is_read_as_its_positions():
    image = Picture.new("P", (2, 1))
    image.putpalette([0, 0, 0, 128, 0, 0])
    image.putpixel((1, 0), 1)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")

    assert TWO.decode(buffer.getvalue()).tolist() == [[0, 1]]


def test_a_file_of_black_and_white_has_the_values_0_and_255():
    buffer = io.BytesIO()
    Picture.fromarray(np.array([[False, True]])).save(buffer, "PNG")

    assert Mask(("a", "b"), values=(0, 255)).decode(buffer.getvalue()).tolist() == [[0, 1]]


def test_a_mask_is_turned_as_its_photo_is():
    turned = Picture.Exif()
    turned[0x0112] = 6  # the camera was on its side

    encoded = file([[0, 1, 1]], exif=turned)

    assert TWO.observe(encoded) == (3, 1)
    assert TWO.decode(encoded).tolist() == [[0], [1], [1]]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"classes": ("a",)}, "a mask has 2 to 255 classes, not 1"),
        ({"classes": map(str, range(256))}, "a mask has 2 to 255 classes, not 256"),
        ({"classes": ("a", "b", "a")}, "two classes have the name a"),
        (
            {"classes": ("a", "b", "c"), "threshold": 128},
            "a threshold parts two classes, and leaves no values to name",
        ),
        (
            {"threshold": 128, "values": (0, 1)},
            "a threshold parts two classes, and leaves no values to name",
        ),
        ({"values": (0,)}, "2 classes need as many values, all different"),
        ({"values": (3, 3)}, "2 classes need as many values, all different"),
        ({"values": (0, 256)}, "values are from 0 to 255, not 256"),
        ({"values": (-1, 0)}, "values are from 0 to 255, not -1"),
        ({"ignore": 256}, "values are from 0 to 255, not 256"),
        ({"ignore": 1}, "the value 1 is class b, and cannot count for nothing"),
        ({"values": (9, 8), "ignore": 9}, "the value 9 is class a, and cannot count for nothing"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(settings, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        Mask(**{"classes": ("a", "b"), **settings})

    assert str(caught.value) == message


def test_files_come_back_byte_for_byte(tmp_path):
    files = [file([[0, 1]]), b"no image", file([[1], [0]])]

    split = kept(tmp_path, Mask(("a", "b"), threshold=1, ignore=9), Values(files))

    assert split["mask"][:] == files
    assert split.schema.columns["mask"] == Mask(("a", "b"), threshold=1, ignore=9)
    assert split.decoded("mask", 2).tolist() == [[1], [0]]


def test_labels_come_back_as_they_were(tmp_path):
    labels = np.array([[[0, 1, 255]], [[1, 1, 0]]], np.uint8)

    split = kept(tmp_path, Mask(("a", "b"), threshold=128).after((1, 3)), labels)

    assert np.array_equal(split["mask"], labels)
    assert split.decoded("mask", 1).tolist() == [[1, 1, 0]]


@pytest.mark.parametrize("kind", [TWO, TWO.after((1, 3))], ids=["files", "labels"])
def test_no_masks_come_back(tmp_path, kind):
    assert len(kept(tmp_path, kind, kind.none())["mask"]) == 0


def test_files_of_one_size_say_so_and_others_say_nothing():
    one, other = file([[0, 1]]), file([[0], [1]])

    assert TWO.known(Counter(map(TWO.observe, [one, one]))).shape == (1, 2)
    assert TWO.known(Counter(map(TWO.observe, [one, other]))).shape == (None, None)
    assert TWO.known(Counter(map(TWO.observe, [one, b"no image"]))).shape == (1, 2)


def test_a_look_at_a_mask_measures_the_shares_of_its_classes_in_what_counts():
    kind = Mask(("a", "b", "c"), ignore=9)

    look = kind.look(file([[0, 0, 2], [9, 9, 2]]), "a.png")

    assert dict(look.findings) == {}
    assert look.facts == {"height": 2, "width": 3}
    assert list(kind.measures) == ["share of a", "share of b", "share of c"]
    assert list(look.measures) == [0.5, 0, 0.5]
    assert (
        look.digest == kind.after((2, 3)).look(kind.decode(file([[0, 0, 2], [9, 9, 2]])), "").digest
    )


@pytest.mark.parametrize(
    ("content", "findings"),
    [
        pytest.param(
            file([[0, 1, 9, 7, 7]]),
            {"outside": "mask: pixels of no class, with the values 7, 9"},
            id="values of no class",
        ),
        pytest.param(
            file([range(100, 108)]),
            {
                "outside": "mask: pixels of no class, with the values 100, 101, 102, 103, 104",
                "empty": "mask: no pixel counts",
            },
            id="nothing but values of no class",
        ),
        pytest.param(file([[8, 8]]), {"empty": "mask: no pixel counts"}, id="nothing counts"),
        pytest.param(b"text", {"corrupt": "mask: not an image"}, id="no image"),
        pytest.param(b"", {"corrupt": "mask: the file is empty"}, id="empty"),
        pytest.param(
            file(np.zeros((2, 2, 3))),
            {"corrupt": "mask: it is grey or has a palette; this one is RGB"},
            id="colours",
        ),
    ],
)
def test_what_is_wrong_with_a_mask(content, findings):
    assert dict(Mask(("a", "b"), ignore=8).look(content, "a.png").findings) == findings


def test_a_mask_that_is_cut_off_is_corrupt():
    whole = file(np.random.default_rng(0).integers(0, 2, (99, 99)))

    (found,) = TWO.look(whole[: len(whole) // 2], "a.png").findings.items()

    assert found[0] == "corrupt"
    assert found[1].startswith("mask: damaged: ")


def test_a_value_of_no_class_cannot_be_decoded():
    with pytest.raises(Undecodable) as caught:
        TWO.decode(file([[0, 1, 7]]))

    assert str(caught.value) == "a mask has pixels of no class, with the values 7"


def test_in_words_a_mask_is_its_classes():
    assert Mask(("sky", "road", "tree"), ignore=9).text(file([[2, 0, 9]])) == "sky, tree"


def test_a_mask_moves_with_its_image_and_is_an_array_of_labels_after_the_layers():
    kind = Mask(("a", "b"), threshold=128)

    assert kind.is_spatial
    assert kind.is_encoded
    moved = kind.after((32, 48))
    assert (moved.shape, moved.is_file, moved.classes) == ((32, 48), False, ("a", "b"))
    assert moved.decode(np.array([[0, 255]])).tolist() == [[0, 255]]


@pytest.mark.skipif(not HORSES.exists(), reason=f"the photos of horses are not in {HORSES}")
def test_a_dozen_real_masks_are_of_horses():
    kind = Mask(("background", "horse"), threshold=128)
    paths = sorted((HORSES / "figure_ground").iterdir())[:12]

    looks = [kind.look(path.read_bytes(), path.name) for path in paths]

    assert len(looks) == 12
    assert all(not look.findings for look in looks)
    assert all(0.05 < look.measures[1] < 0.6 for look in looks)
    assert {kind.text(path.read_bytes()) for path in paths} == {"background, horse"}
