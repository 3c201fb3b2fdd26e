"""Pixels of image files, of every kind that arrives."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from components.data.codecs import Header, Undecodable, decode, header

RED_GREEN = np.array([[[255, 0, 0], [0, 255, 0]]] * 3, np.uint8)  # 3 high, 2 wide


def encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("kind", "mode", "tolerance"),
    [
        ("PNG", "RGB", 0),
        ("BMP", "RGB", 0),
        ("TIFF", "RGB", 0),
        ("GIF", "P", 0),
        ("PNG", "P", 0),
        ("PNG", "RGBA", 0),
        ("WEBP", "RGB", 0),
        ("JPEG", "RGB", 3),
        ("JPEG", "CMYK", 12),
        ("TIFF", "CMYK", 0),
    ],
)
def test_colour_is_read_from(kind, mode, tolerance):
    wide = Image.fromarray(RED_GREEN.repeat(16, axis=0).repeat(16, axis=1)).convert(mode)
    options = {"lossless": True} if kind == "WEBP" else {}
    options |= {"quality": 95, "subsampling": 0} if kind == "JPEG" else {}

    pixels = decode(encoded(wide, kind, **options), 3)

    assert pixels.shape == (48, 32, 3)
    assert np.abs(pixels[5::16, 5::16].astype(int) - RED_GREEN).max() <= tolerance


def test_grey_of_colour_is_its_luma():
    pixels = decode(encoded(Image.fromarray(RED_GREEN), "PNG"), 1)

    assert pixels[0, :, 0].tolist() == [76, 150]


def test_colour_of_grey_repeats_it():
    assert decode(encoded(Image.new("L", (1, 1), 77), "PNG"), 3).tolist() == [[[77, 77, 77]]]


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_grey_of_16_bits_is_kept_whole(kind):
    values = np.array([[0, 257], [40_000, 65_535]], np.uint16)
    file = encoded(Image.fromarray(values), kind)

    assert decode(file, 1, "uint16")[..., 0].tolist() == values.tolist()
    assert decode(file, 1)[..., 0].tolist() == [[0, 1], [156, 255]]
    assert decode(file, 3)[1, 0].tolist() == [156, 156, 156]
    assert header(file).mode == "I;16"


def test_a_palette_with_transparency_gives_its_colours():
    image = Image.fromarray(RED_GREEN).convert("P")
    file = encoded(image, "PNG", transparency=0)

    assert np.array_equal(decode(file, 3), RED_GREEN)


def test_transparency_is_dropped():
    assert decode(encoded(Image.new("RGBA", (1, 1), (9, 8, 7, 0)), "PNG"), 3).tolist() == [
        [[9, 8, 7]]
    ]


def test_an_animation_gives_its_first_frame():
    first, second = (Image.new("P", (4, 4), colour) for colour in (0, 1))
    for image in (first, second):
        image.putpalette([200, 0, 0, 0, 200, 0])
    file = encoded(first, "GIF", save_all=True, append_images=[second])

    assert decode(file, 3)[0, 0].tolist() == [200, 0, 0]


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_a_turned_photo_is_put_upright(kind):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by 90 degrees
    file = encoded(Image.fromarray(RED_GREEN), kind, exif=exif)

    assert decode(file, 3).shape == (2, 3, 3)
    assert decode(file, 3)[:, 0].tolist() == [[255, 0, 0], [0, 255, 0]]
    assert header(file) == Header(2, 3, "RGB", kind)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_header_says_the_size_of_the_pixels(kind, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = encoded(Image.fromarray(RED_GREEN), kind, exif=exif)

    found = header(file)

    assert (found.height, found.width) == decode(file, 3).shape[:2]


def test_the_header_of_a_tiff_that_only_its_xmp_turns_says_the_size_of_the_pixels():
    tags = {700: b'<x tiff:Orientation="6"/>'}
    file = encoded(Image.fromarray(RED_GREEN), "TIFF", tiffinfo=tags)

    found = header(file)

    assert (found.height, found.width) == decode(file, 3).shape[:2] == (2, 3)


def smooth(height, width):
    random = np.random.default_rng(0).integers(0, 256, (height // 16, width // 16, 3), np.uint8)
    return Image.fromarray(random).resize((width, height), Image.Resampling.BICUBIC)


@pytest.mark.parametrize(
    ("least", "size"),
    [
        ((480, 640), (480, 640)),
        ((241, 10), (480, 640)),
        ((240, 10), (240, 320)),
        ((120, 160), (120, 160)),
        ((60, 81), (120, 160)),
        ((1, 1), (60, 80)),
        ((481, 10), (480, 640)),
    ],
)
def test_a_jpeg_is_as_small_as_is_enough(least, size):
    file = encoded(smooth(480, 640), "JPEG", quality=95)

    found = decode(file, 3, least=least)

    assert found.shape == (*size, 3)
    step = 480 // size[0]
    means = decode(file, 3).reshape(size[0], step, size[1], step, 3).mean(axis=(1, 3))
    assert np.abs(found - means).mean() < 2
    assert np.abs(found - means).max() < 16


@pytest.mark.parametrize("orientation", range(1, 9))
def test_what_is_enough_is_said_of_the_upright_photo(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = encoded(smooth(480, 640), "JPEG", exif=exif)

    found = decode(file, 3, least=(480, 320))

    assert found.shape == ((640, 480, 3) if orientation > 4 else (480, 640, 3))
    assert found.shape == decode(file, 3).shape
    assert decode(file, 3, least=(240, 240)).shape[0] == found.shape[0] // 2


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "BMP", "TIFF", "GIF"])
def test_other_files_are_decoded_whole(kind):
    file = encoded(smooth(48, 64), kind)

    assert np.array_equal(decode(file, 3, least=(1, 1)), decode(file, 3))


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}])
def test_a_file_that_is_cut_off_is_found_at_any_size_and_wherever(options):
    file = encoded(smooth(128, 160), "JPEG", quality=60, **options)
    assert decode(file, 3, whole=True, least=(16, 16)).shape == (16, 20, 3)

    for end in range(len(file) - 2):  # the last two say no more than that it ends
        with pytest.raises(Undecodable):
            decode(file[:end], 3, whole=True, least=(16, 16))


def cut():
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    file = encoded(Image.fromarray(noise), "JPEG")
    return file[: len(file) // 2]


def test_a_file_that_is_cut_off_is_refused_where_it_must_be_whole():
    with pytest.raises(Undecodable, match=r"^damaged: image file is truncated"):
        decode(cut(), 3, whole=True)


def test_of_a_file_that_is_cut_off_the_rest_is_grey():
    pixels = decode(cut(), 3)

    assert pixels[:16].std() > 30
    assert pixels[-8:].std() == 0


def test_a_refusal_does_not_make_the_next_file_strict():
    with pytest.raises(Undecodable, match="truncated"):
        decode(cut(), 3, whole=True)

    assert decode(cut(), 3).shape == (64, 64, 3)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        pytest.param(b"", "the file is empty", id="empty"),
        pytest.param(b"some text", "not an image", id="text"),
        pytest.param(b"\x89PNG\r\n\x1a\n", "not an image", id="only the start of a PNG"),
    ],
)
def test_what_is_no_image_is_refused(file, message):
    with pytest.raises(Undecodable) as caught:
        decode(file, 3)

    assert str(caught.value) == message
    assert header(file) is None


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (TypeError("'float' object is not iterable"), "damaged: 'float' object is not iterable"),
        (struct.error(), "damaged: error"),
    ],
)
def test_whatever_pillow_raises_of_a_damaged_file_is_one_error(monkeypatch, error, message):
    def broken(*_, **__):
        raise error

    monkeypatch.setattr(Image, "open", broken)

    with pytest.raises(Undecodable) as caught:
        decode(b"II*", 3)

    assert str(caught.value) == message


def test_a_mode_that_is_not_supported_is_named():
    file = encoded(Image.new("F", (2, 2)), "TIFF")

    with pytest.raises(Undecodable, match=r"^images of mode F are not supported$"):
        decode(file, 3)
    assert header(file) is None


def test_what_a_png_says_of_itself_does_not_depend_on_whether_it_is_whole():
    noise = np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8)
    whole = encoded(Image.fromarray(noise), "PNG")

    assert header(whole[: len(whole) // 2]) == header(whole) == Header(24, 24, "RGB", "PNG")


def test_several_photos_in_one_file_of_a_phone_are_the_first_of_them():
    first, second = (Image.new("RGB", (16, 8), (value, 0, 0)) for value in (200, 10))
    file = encoded(first, "MPO", save_all=True, append_images=[second])

    assert header(file) == Header(8, 16, "RGB", "MPO")
    assert abs(int(decode(file, 3)[0, 0, 0]) - 200) <= 3


@pytest.mark.parametrize("kind", ["EPS", "PPM", "TGA", "ICO"])
def test_a_format_that_is_not_among_those_that_are_read_is_no_image(kind):
    file = encoded(Image.new("RGB", (32, 32), (200, 0, 0)), kind)

    assert header(file) is None
    with pytest.raises(Undecodable) as caught:
        decode(file, 3)
    assert str(caught.value) == "not an image"
