"""IDX files, the format of the MNIST family (yann.lecun.com/exdb/mnist, "file formats")."""

import gzip
import math
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from components.base.errors import Mistakes, Problem, Stop
from components.config.ingest import File
from components.data.features.class_label import ClassLabel
from components.data.features.image import Image
from components.data.listing import Listing
from components.data.schema import Schema
from components.ingest.places import located
from components.ingest.sources.idx import Idx, IdxPair

# The third byte of a file says of what type its values are; they are big-endian.
DTYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
DIMENSIONS = 4  # of images with channels, the most that anything here has
CLASSES = 1 << 16  # more than any set has: a label beyond is none
PIECE = 1 << 20  # bytes that are read at once


def listing(config: Idx, source: Path) -> Listing:
    """Reads both splits of a set of the MNIST family: images `(n, height, width, 1)`.

    Args:
        config: The section.
        source: The pipeline's folder of sources.

    Raises:
        Stop: A file is no IDX file, or images and labels do not go together.
        Mistakes: There are not as many classes as labels.
    """
    parts = {"train": config.train, "test": config.test}
    images, labels = zip(*(_pair(pair, source) for pair in parts.values()), strict=True)
    if images[0].shape[1:] != images[1].shape[1:]:
        raise Stop(
            f"ingest: images of {images[0].shape[1:]} for train, {images[1].shape[1:]} for test"
        )
    joined = np.concatenate(labels)
    found = int(joined.max()) + 1
    if config.classes is not None and len(config.classes) != found:
        message = f"names {len(config.classes)} classes; the labels have {found}"
        raise Mistakes([Problem(("ingest", "classes"), message)])
    values = np.concatenate(images)
    label = ClassLabel(config.classes or tuple(map(str, range(found))))
    schema = Schema(
        {"image": Image(values.shape[1:], str(values.dtype), is_file=False), "label": label},
        config.learned,
    )
    return Listing(
        schema,
        {"image": values, "label": joined.astype(np.int64)},
        given=np.repeat(list(parts), [len(part) for part in labels]),
    )


def _pair(pair: IdxPair, source: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    images, labels = (read(located(file, source)[0]) for file in (pair.images, pair.labels))
    if images.ndim == DIMENSIONS - 1:
        images = images[..., np.newaxis]
    if len(images) != len(labels) or labels.ndim != 1 or images.ndim != DIMENSIONS:
        raise Stop(
            f"ingest: {_name(pair.images)} has images of shape {images.shape}, "
            f"{_name(pair.labels)} has labels of shape {labels.shape}: they do not go together"
        )
    if not len(labels):
        raise Stop(f"ingest: {_name(pair.labels)} has no examples")
    _refuse_labels(labels, _name(pair.labels))
    return images, labels


def _refuse_labels(labels: NDArray[Any], name: str) -> None:
    """Raises a `Stop` where a label is no whole number from 0, and so would be made another."""
    is_label = (labels >= 0) & (labels < CLASSES) & (labels == np.floor(labels))
    if not is_label.all():
        row = int(np.argmin(is_label))
        raise Stop(
            f"ingest: {name}: label {row} is {labels[row]}; labels are whole numbers from 0 to "
            f"{CLASSES - 1}"
        )


def read(path: Path) -> NDArray[Any]:
    """The array of an IDX file, gzipped or not, in the byte order of this machine.

    No more is read than its header says: a small gzip file may hold any number of zeros.

    Raises:
        Stop: It is none, or cut off.
    """
    with path.open("rb") as file:
        is_gzip = file.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path) if is_gzip else path.open("rb") as file:
            return _array(file, path)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise Stop(f"{path}: damaged gzip file: {error}") from None


def _array(file: IO[bytes] | gzip.GzipFile, path: Path) -> NDArray[Any]:
    start = file.read(4)
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in DTYPES:
        raise Stop(f"{path}: not an IDX file")
    dtype, dimensions = np.dtype(DTYPES[start[2]]), start[3]
    if not 1 <= dimensions <= DIMENSIONS:
        raise Stop(f"{path}: it has {dimensions} dimensions; labels have 1, images 3 or 4")
    sizes = file.read(4 * dimensions)
    if len(sizes) < 4 * dimensions:
        raise Stop(f"{path}: damaged: it ends within its header")
    shape = tuple(int(size) for size in np.frombuffer(sizes, ">u4"))
    count = math.prod(shape) * dtype.itemsize
    content = _content(file, count + 1)
    if len(content) != count:
        there = f"{len(content)} bytes" if len(content) < count else f"more than {count} bytes"
        raise Stop(f"{path}: damaged: {there} are not {shape} of {dtype}")
    return np.frombuffer(content, dtype).reshape(shape).astype(dtype.newbyteorder("="))


def _content(file: IO[bytes] | gzip.GzipFile, most: int) -> bytearray:
    """The rest of a file up to so many bytes; memory is taken for those alone that are there."""
    content = bytearray()
    while len(content) < most and (piece := file.read(min(PIECE, most - len(content)))):
        content += piece
    return content


def _name(file: File) -> str:
    return file if isinstance(file, str) else file.url.rpartition("/")[2]
