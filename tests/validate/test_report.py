"""The HTML report of a dataset."""

import base64
import io
import re

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from components.config.validate import Config
from components.data import shards
from components.data.features.image import Image as Images
from components.validate.report import render
from components.validate.stage import validate
from tests.validate.made import FILES, LENIENT, arrays, file, files, opened, photo, photos, split


def page(folder, splits, **config):
    """The HTML of a data set."""
    shards.save(splits, folder)
    splits, table = opened(folder)
    report = validate(table, splits, Config(**{**LENIENT, **config}))
    return render("ants & bees", report, splits, Figure(figsize=(1, 1)))


def thumbnails(html):
    """The pictures of the examples, as arrays."""
    found = re.findall(r'<img src="data:image/png;base64,([^"]+)" alt="">', html)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(one)))) for one in found]


def test_names_are_escaped(tmp_path):
    train = [*photos(1, 2), ('<script>alert("x")</script>.jpg', b"", 0)]

    html = page(tmp_path / "set", files(train))

    assert "<script>" not in html
    assert "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;.jpg" in html
    assert "<h1>ants &amp; bees: the data</h1>" in html


def test_a_good_dataset(tmp_path):
    html = page(tmp_path / "set", files(photos(1, 2)))

    assert "Nothing was found." in html
    assert "Why the line stops" not in html
    assert thumbnails(html) == []


def test_copies_are_shown_beside_what_they_equal(tmp_path):
    train = [*photos(1, 2), ("copy.png", file(photo(1)), 0)]

    first, second = thumbnails(page(tmp_path / "set", files(train)))

    assert first.shape == (96, 96, 3)
    assert np.array_equal(first, second)


def test_large_images_are_made_small(tmp_path):
    train = [("grey.png", file(np.full((400, 800, 3), 9, np.uint8)), 0), *photos(1, 2)]

    shown = thumbnails(page(tmp_path / "set", files(train)))

    assert {one.shape[:2] for one in shown} == {(80, 160)}


def test_an_image_of_8_bits_is_shown_as_it_is(tmp_path):
    train = [("grey.png", file(np.full((9, 9, 3), 200, np.uint8)), 0), *photos(1, 2)]

    shown = thumbnails(page(tmp_path / "set", files(train)))

    assert np.unique(shown[0]).tolist() == [200]


def test_of_many_sentences_the_first_are_shown(tmp_path):
    classes = [str(label) for label in range(30)]
    splits = arrays(classes, train=([[1, 2], [3, 4]], [0, 1]))

    html = page(tmp_path / "set", splits)

    assert html.count("has no example of class") == 20
    assert "<li>and 8 more</li>" in html


def test_a_corrupt_file_has_a_name_and_no_picture(tmp_path):
    html = page(tmp_path / "set", files([*photos(1, 2), ("zero.jpg", b"", 0)]))

    assert "zero.jpg" in html
    assert thumbnails(html) == []


def test_images_with_16_bits_are_shown(tmp_path):
    deep = FILES.replacing({"image": Images((None, None, 1), "uint16")})
    image = Image.fromarray(np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8))
    one = split(*((name, file(image), 0) for name in ("a.png", "b.png")), schema=deep)

    first, second = thumbnails(page(tmp_path / "set", {"train": one}))

    assert first.min() == 0
    assert first.max() == 255
    assert np.array_equal(first, second)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_images_that_are_not_finite_are_shown(tmp_path, wrong):
    images = np.stack([photo(1), photo(2)]).astype(np.float32)
    images[0, :10] = wrong
    splits = arrays(train=(images, [0, 1]))

    (shown,) = thumbnails(page(tmp_path / "set", splits))

    assert shown[:10].max() == 0
    assert shown.max() == 255


def test_vectors_have_no_pictures(tmp_path):
    splits = arrays(train=([[1, 2], [1, 2], [3, 4]], [0, 0, 1]))

    html = page(tmp_path / "set", splits)

    assert "train:1" in html
    assert thumbnails(html) == []


def test_of_many_examples_the_first_are_shown(tmp_path):
    train = [*photos(1, 2), *[(f"{number}.jpg", b"", 0) for number in range(20)]]

    html = page(tmp_path / "set", files(train))

    assert "20 in all, the first 12:" in html
    assert html.count(".jpg<br>") == 12
