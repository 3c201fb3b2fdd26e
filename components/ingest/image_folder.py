"""A folder of images with one folder for each class."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from components.dataset import Facts, Split, decode
from components.errors import Stop

GREY = frozenset({"1", "L", "LA"})
COLOUR = frozenset({"P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"})


def read(folder: Path) -> tuple[Split, Facts]:
    """Reads `folder/CLASS/image`; the folders' names, sorted, are the classes.

    Images that all have one size are decoded, `(n, height, width, channels)` uint8; others stay
    the bytes of their files. Channels are 1 where every image is grey, 3 otherwise. Hidden files
    are passed over.

    Raises:
        Stop: A file is not an image, or lies outside a class, or there are no classes.
    """
    classes = sorted(path for path in _visible(folder) if path.is_dir())
    problems = [
        f"{path}: not in the folder of a class" for path in _visible(folder) if path.is_file()
    ]
    problems += [
        f"{path}: a link, which DVC does not look behind; make {folder} itself one"
        for path in classes
        if path.is_symlink()
    ]
    if len(classes) < 2:
        problems.append(f"{folder}: needs two folders or more, one for each class")
    files = [(path, label) for label, one in enumerate(classes) for path in _visible(one)]
    kinds = []
    for path, _ in files:
        try:
            kinds.append(_kind(path))
        except Stop as error:
            problems.append(str(error))
    if problems:
        raise Stop("\n".join(problems))
    return _examples(files, kinds, tuple(path.name for path in classes))


def _examples(
    files: list[tuple[Path, int]],
    kinds: list[tuple[tuple[int, int], str]],
    classes: tuple[str, ...],
) -> tuple[Split, Facts]:
    channels = 1 if all(mode in GREY for _, mode in kinds) else 3
    sizes = {size for size, _ in kinds}
    labels = np.array([label for _, label in files], np.int64)
    encoded = [path.read_bytes() for path, _ in files]
    counts = {"all": len(files)}
    if len(sizes) > 1:
        facts = Facts((None, None, channels), "uint8", classes, counts)
        return Split(encoded, labels), facts
    pixels = np.stack([decode(image, channels) for image in encoded])
    return Split(pixels, labels), Facts(pixels.shape[1:], "uint8", classes, counts)


def _visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _kind(path: Path) -> tuple[tuple[int, int], str]:
    """Size and mode of an image, read in full so that a cut-off file is found here."""
    try:
        with Image.open(path) as image:
            image.load()
            if image.mode not in GREY | COLOUR:
                raise Stop(
                    f"{path}: images of mode {image.mode} are not supported; "
                    f"save it as 8-bit grey or RGB"
                )
            return ImageOps.exif_transpose(image).size, image.mode
    except (UnidentifiedImageError, IsADirectoryError):
        raise Stop(f"{path}: not an image; remove it") from None
    except (OSError, SyntaxError) as error:
        raise Stop(f"{path}: damaged image: {error}") from None
