"""Examples that are equal, and images that look the same."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from components.validate.duplicates import BITS, equal, near
from tests.validate.made import checked, file, files, kinds, named, photo, photos


def table(splits, labels, digests):
    """What `inspect` would have found."""
    names = {"r": "train", "v": "validation", "e": "test"}
    return pd.DataFrame(
        {
            "split": [names[one] for one in splits],
            "truth": pd.Series(list(labels), dtype="object"),
            "digest": pd.Series([one.encode() for one in digests], dtype="object"),
        }
    )


@pytest.mark.parametrize(
    ("splits", "labels", "digests", "expected"),
    [
        pytest.param("", [], "", {}, id="empty"),
        pytest.param("rrve", [0, 0, 1, 1], "abcd", {}, id="all different"),
        pytest.param("rrr", [0, 0, 0], "aba", {"duplicates": {2: 0}}, id="the first is kept"),
        pytest.param("re", [0, 0], "aa", {"leaked": {0: 1}}, id="test is kept"),
        pytest.param("rv", [0, 0], "aa", {"leaked": {0: 1}}, id="validation is kept"),
        pytest.param("rve", [0] * 3, "aaa", {"leaked": {1: 2, 0: 2}}, id="three splits"),
        pytest.param(
            "ree", [0] * 3, "aaa", {"duplicates": {2: 1}, "leaked": {0: 1}}, id="both kinds"
        ),
        pytest.param("rr", [0, 1], "aa", {"conflicting": {0: 1, 1: 0}}, id="another label"),
        pytest.param(
            "re", [0, 1], "aa", {"conflicting": {1: 0, 0: 1}}, id="another label elsewhere"
        ),
        pytest.param(
            "rrrr",
            [0, 0, 1, 2],
            "aaaa",
            {"conflicting": {0: 2, 1: 2, 2: 0, 3: 0}},
            id="each names one of another label",
        ),
        pytest.param(
            "rrrrr",
            [0, 1, 0, 1, 1],
            "aabbc",
            {"conflicting": {0: 1, 1: 0, 2: 3, 3: 2}},
            id="two groups",
        ),
    ],
)
def test_equal(splits, labels, digests, expected):
    found = equal(table(splits, labels, digests))

    assert {kind: rows["other"].to_dict() for kind, rows in found.items() if len(rows)} == expected


def looking_alike(hashes, thumbnails, splits=None):
    """What `near` finds among images of these hashes and thumbnails."""
    names = [str(number) for number in range(len(hashes))]
    rows = table(splits or "r" * len(hashes), [0] * len(hashes), names)
    rows["likeness"] = pd.array(hashes, dtype="UInt64")
    rows = rows.assign(mean=100.0, contrast=10.0)
    found = near(rows, ["mean", "contrast"], lambda place: np.array(thumbnails[place], np.float32))
    return {kind: one["other"].to_dict() for kind, one in found.items() if len(one)}


@pytest.mark.parametrize("bits", [(0, 1), (0, 63), (21, 42), (20, 21), (62, 63), (5,), ()])
def test_hashes_that_differ_in_two_bits_are_candidates(bits):
    one = 0xDEADBEEFCAFEF00D
    other = one
    for bit in bits:
        other ^= 1 << bit

    assert looking_alike([one, other], [[1, 0]] * 2) == {"near_duplicates": {1: 0}}


def test_hashes_that_differ_in_more_bits_are_no_candidates():
    assert looking_alike([0, 2 ** (BITS + 1) - 1], [[1, 0]] * 2) == {}


def test_equal_hashes_of_different_thumbnails_are_a_false_alarm():
    assert looking_alike([7, 7], [[1, 0], [0, 1]]) == {}


def test_flat_thumbnails_are_never_the_same():
    assert looking_alike([7, 7], [[0, 0], [0, 0]]) == {}


def test_what_has_no_likeness_looks_like_nothing():
    assert looking_alike([7, None, None, 7], [[1, 0]] * 4) == {"near_duplicates": {3: 0}}


def turned(*angles):
    """Thumbnails of which those within 0.14 of each other correlate by 0.99."""
    return [[np.cos(angle), np.sin(angle)] for angle in angles]


@pytest.mark.parametrize(
    ("angles", "copies"),
    [
        pytest.param((0, 0.1, 0.2), {1: 0}, id="the last is not like the first"),
        pytest.param((0, 0.1, 0.2, 0.3), {1: 0, 3: 2}, id="two of a chain are kept"),
        pytest.param((0, 0.2, 0.1), {2: 0}, id="what joins two others is a copy of the first"),
        pytest.param((0, 0.05, 0.1), {1: 0, 2: 0}, id="all are like the first"),
    ],
)
def test_a_copy_looks_like_what_is_kept_for_it(angles, copies):
    assert looking_alike([0] * len(angles), turned(*angles)) == {"near_duplicates": copies}


def test_the_frames_of_a_video_do_not_vanish():
    frames = np.linspace(0, np.pi, 200)  # each like the next, the last the opposite of the first

    copies = looking_alike([0] * 200, turned(*frames))["near_duplicates"]

    assert all(abs(frames[copy] - frames[kept]) <= 0.15 for copy, kept in copies.items())
    assert 20 <= 200 - len(copies) <= 40


def test_the_copy_of_the_test_split_is_kept():
    found = looking_alike([0, 0, 0], [[1, 0]] * 3, splits="rve")

    assert found == {"near_leaked": {1: 2, 0: 2}}


def test_many_equal_hashes_do_not_cost_their_square():
    looks = []
    count = 2000

    def thumbnail(place):
        looks.append(place)
        return np.array([1, 0], np.float32)

    rows = table("r" * count, [0] * count, [str(number) for number in range(count)])
    rows = rows.assign(likeness=pd.array([0] * count, dtype="UInt64"), mean=0.0, contrast=1.0)

    assert len(near(rows, ["mean", "contrast"], thumbnail)["near_duplicates"]) == count - 1
    assert len(looks) == count


def again(seed, width, height, quality):
    """A photo scaled and compressed again."""
    image = Image.fromarray(photo(seed)).resize((width, height), Image.Resampling.BICUBIC)
    return file(image, "JPEG", quality=quality)


def test_a_photo_scaled_and_compressed_again_is_found(tmp_path):
    copies = [(f"{seed}-again.jpg", again(seed, 64, 64, 60), seed % 2) for seed in range(20)]

    report = checked(tmp_path / "set", files([*photos(*range(20)), *copies]))

    assert named(report, "near_duplicates") == {
        f"{seed}-again.jpg": f"looks like {seed}.png" for seed in range(20)
    }


def test_a_photo_that_looks_like_one_of_the_test_split_is_near_leaked(tmp_path):
    train = [*photos(1, 2), ("again.jpg", again(5, 80, 80, 70), 0)]

    report = checked(tmp_path / "set", files(train, test=photos(4, 5)))

    assert named(report, "near_leaked") == {"again.jpg": "looks like 5.png of another class"}
    assert "near_duplicates" not in kinds(report)


def test_photos_of_different_things_do_not_look_alike(tmp_path):
    assert kinds(checked(tmp_path / "set", files(photos(*range(60))))) == {}


def test_an_equal_photo_is_not_near_as_well(tmp_path):
    train = [*photos(1, 2), ("copy.png", file(photo(1)), 1)]

    report = checked(tmp_path / "set", files(train), conflicting="warn")

    assert kinds(report) == {"conflicting": 2}


def blank(seed, size=96):
    """A white page with a little noise."""
    noise = np.random.default_rng(seed).integers(0, 3, (size, size, 3))
    return (255 - noise).astype(np.uint8)


def test_blank_pages_do_not_look_alike(tmp_path):
    train = [(f"{seed}.png", file(blank(seed)), 0) for seed in range(20)]

    assert kinds(checked(tmp_path / "set", files(train))) == {"missing_class": 1}


def test_tiny_images_do_not_look_alike(tmp_path):
    rng = np.random.default_rng(0)
    tiny = [rng.integers(0, 256, (4, 4, 3)).astype(np.uint8) for _ in range(300)]
    train = [(f"{place}.png", file(one), place % 2) for place, one in enumerate(tiny)]

    found = kinds(checked(tmp_path / "set", files(train, test=[], validation=[])))

    assert found == {"missing_class": 4}


def test_the_same_shape_in_another_colour_does_not_look_alike(tmp_path):
    def square(colour):
        pixels = np.full((40, 40, 3), 255, np.uint8)
        pixels[10:30, 10:30] = colour
        return file(pixels)

    train = [("red.png", square((200, 0, 0)), 0), ("green.png", square((0, 102, 0)), 1)]

    assert kinds(checked(tmp_path / "set", files(train))) == {}
