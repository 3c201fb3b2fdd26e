"""Photos that are seen in a part of their size, and what is said of them nevertheless."""

import numpy as np
import pytest
from PIL import Image

from components.data import codecs
from tests.validate.made import checked, file, files, kinds, looked, named, photo, photos

SIZE = 480, 640


def jpeg(pixels, **options):
    return file(pixels, "JPEG", quality=95, **options)


def turned():
    exif = Image.Exif()
    exif[0x010E] = "of the sea"
    return exif


def stripes(phase):
    """Alike in a part of its size, and unlike another one in the whole."""
    fine = photo(0, *SIZE).astype(int)
    fine[:, phase::2] += 24
    return fine.clip(0, 255).astype(np.uint8)


def test_copies_of_large_photos_are_found_whatever_else_is_in_their_files(tmp_path):
    pixels = photo(0, *SIZE)
    shown = codecs.decode(jpeg(pixels), 3)
    copies = [
        ("a.jpg", jpeg(pixels), 0),
        ("said.jpg", jpeg(pixels, exif=turned()), 0),
        ("ordered.jpg", jpeg(pixels, progressive=True), 0),
        ("plain.png", file(shown), 0),
    ]
    others = [(f"{one}.jpg", jpeg(photo(one, *SIZE)), 1) for one in (1, 2)]

    report = checked(tmp_path / "set", files([*copies, *others]), duplicates="warn")

    assert "near_duplicates" not in kinds(report)
    assert set(named(report, "duplicates")) == {"said.jpg", "ordered.jpg", "plain.png"}


def test_photos_that_differ_in_what_a_part_of_their_size_does_not_show_are_not_equal(tmp_path):
    one, other = (jpeg(stripes(phase), subsampling=0) for phase in (0, 1))
    seen = [codecs.decode(file, 3, least=(60, 80)) for file in (one, other)]
    assert np.abs(seen[0].astype(int) - seen[1]).max() <= 2  # or it would be no test

    table = looked(tmp_path / "set", ("a.jpg", one, 0), ("b.jpg", other, 0))

    assert table["is_reduced"].all()
    assert table["digest"].nunique() == 2


def test_only_photos_that_may_be_equal_are_decoded_whole(tmp_path, monkeypatch):
    whole = []
    real = codecs.decode

    def decode(encoded, *given, **more):
        found = real(encoded, *given, **more)
        whole.append(encoded) if found.shape[:2] == SIZE else None
        return found

    monkeypatch.setattr("components.data.features.image.decode", decode)
    first, second, third = (jpeg(photo(one, *SIZE)) for one in range(3))
    examples = [("a.jpg", first, 0), ("b.jpg", second, 0), ("c.jpg", third, 0), ("d.jpg", first, 0)]

    looked(tmp_path / "set", *examples)

    assert whole == [first, first]


def test_a_pattern_that_a_part_of_its_size_does_not_show_is_not_constant(tmp_path):
    fine = np.full((*SIZE, 3), 100, np.uint8)
    fine[:, ::2] = 140
    flat = np.full((*SIZE, 3), 120, np.uint8)

    table = looked(tmp_path / "set", ("a.jpg", jpeg(fine), 0), ("b.jpg", jpeg(flat), 0))

    assert table["reason constant"].notna().tolist() == [False, True]


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
def test_a_large_photo_that_is_cut_off_is_named(tmp_path, share):
    content = jpeg(photo(0, *SIZE))
    cut = ("cut.jpg", content[: int(share * len(content))], 0)

    report = checked(tmp_path / "set", files([cut, *photos(1, 2)]), truncated="warn")

    assert list(named(report, "truncated")) == ["cut.jpg"]
