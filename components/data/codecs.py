"""Image files: what their first bytes say, and their pixels."""

import contextlib
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from components.base.errors import Stop

GREY = frozenset({"1", "L", "LA"})
DEEP = frozenset({"I;16", "I;16B", "I;16L"})
"""Grey with 16 bits; Pillow reads colour with 16 bits as 8."""
COLOUR = frozenset({"P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr"})
PLAIN = DEEP | {"1", "L", "P", "I"}
"""One value for each pixel."""
TURNED = frozenset({5, 6, 7, 8})  # EXIF orientations that swap height and width
ORIENTATION = 0x0112
SCALED = frozenset({"JPEG", "MPO"})  # what can be decoded at a part of its size
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
"""Those that are read, a phone's MPO as the JPEG that it begins with. For others, such as
PostScript, Pillow would start programs."""


class Undecodable(Stop):
    """Bytes that are no image, or no whole one."""


@dataclass(frozen=True)
class Header:
    """What an image file says of itself before its pixels are read."""

    height: int
    width: int
    mode: str
    """Pillow's: `L`, `RGB`, `I;16`, ..."""
    format: str
    """`JPEG`, `PNG`, ..."""


def header(encoded: bytes) -> Header | None:
    """The header of an image file, upright; None where the bytes are no image that is supported."""
    try:
        with _opened(encoded) as image:
            width, height = image.size
            # Of a TIFF that its own tag turns, Pillow gives the upright size from the start.
            is_upright = getattr(image, "tag_v2", {}).get(ORIENTATION) in TURNED
            with _lenient(True):  # a PNG is read to its end for it, where it may be cut off
                turn = image.getexif().get(ORIENTATION)
            if turn in TURNED and not is_upright:
                width, height = height, width
            if image.mode not in GREY | DEEP | COLOUR:
                return None
            return Header(height, width, image.mode, str(image.format))
    except Undecodable:
        return None


def jpeg_scale(encoded: bytes, channels: int, least: tuple[int, int] | None = None) -> int | None:
    """By how many times `decode` makes a JPEG smaller, 1, 2, 4 or 8.

    None of a file that is not decoded by libjpeg alone: no JPEG, one that is to be turned, or one
    of other channels.
    """
    with contextlib.suppress(Undecodable), _opened(encoded) as image:
        is_alike = image.mode == ("L" if channels == 1 else "RGB")
        if image.format == "JPEG" and is_alike and image.getexif().get(ORIENTATION, 1) == 1:
            width, height = image.size
            most = min(height // least[0], width // least[1]) if least else 1
            return next((scale for scale in (8, 4, 2) if scale <= most), 1)
    return None


def decode(
    encoded: bytes,
    channels: int,
    dtype: str = "uint8",
    whole: bool = False,
    least: tuple[int, int] | None = None,
) -> NDArray[Any]:
    """The pixels of an image file, upright: `(height, width, channels)`.

    The first frame of an animation. Transparency is dropped, as Keras and TensorFlow do. Of
    grey with 16 bits, uint8 takes the upper 8.

    Args:
        encoded: The file.
        channels: 1 for grey, 3 for RGB.
        dtype: `uint8`, or `uint16` for grey with 16 bits.
        whole: Refuses a file that is cut off; otherwise what is missing is grey or black.
        least: Height and width that are enough. A JPEG is then decoded at 1/2, 1/4 or 1/8 of its
            size, the smallest that has them; each pixel is about the mean of those that it
            stands for (libjpeg's scaled inverse DCT). All of the file is read all the same.

    Raises:
        Undecodable: The bytes are no image; the message says why.
    """
    wanted = "L" if channels == 1 else "RGB"
    with _opened(encoded) as image:
        if image.mode not in GREY | DEEP | COLOUR:
            raise Undecodable(f"images of mode {image.mode} are not supported")
        if least is not None:
            is_turned = image.format in SCALED and image.getexif().get(ORIENTATION) in TURNED
            image.draft(None, least if is_turned else least[::-1])
        with _lenient(not whole):
            image.load()
        ImageOps.exif_transpose(image, in_place=True)
        if image.mode in DEEP:
            pixels: NDArray[Any] = np.asarray(image)
            pixels = pixels if dtype == "uint16" else (pixels >> 8).astype(np.uint8)
            pixels = np.repeat(pixels[..., np.newaxis], channels, axis=-1)
        else:  # a conversion from a mode to itself would copy
            pixels = np.asarray(image if image.mode == wanted else image.convert(wanted))
    return pixels.reshape(*pixels.shape[:2], channels)


def grey(encoded: bytes) -> NDArray[Any]:
    """The values of a grey image file as they are, or of one with a palette its positions, upright.

    Returns:
        `(height, width)`, whole numbers.

    Raises:
        Undecodable: The bytes are no such image, or are cut off; the message says why.
    """
    with _opened(encoded) as image:
        if image.mode not in PLAIN:
            raise Undecodable(f"it is grey or has a palette; this one is {image.mode}")
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
        return np.array(image.convert("L") if image.mode == "1" else image)


@contextmanager
def _opened(encoded: bytes) -> Iterator[Image.Image]:
    """The image, and every way in which a file can be broken as one error."""
    if not encoded:
        raise Undecodable("the file is empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of much that it then reads well
            with Image.open(io.BytesIO(encoded), formats=FORMATS) as image:
                yield image
    except (Undecodable, MemoryError):
        raise
    except UnidentifiedImageError:
        raise Undecodable("not an image") from None
    except Exception as error:  # of a damaged file Pillow raises whatever its fields lead to
        raise Undecodable(f"damaged: {str(error) or type(error).__name__}") from None


@contextmanager
def _lenient(is_lenient: bool) -> Iterator[None]:
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = is_lenient
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before
