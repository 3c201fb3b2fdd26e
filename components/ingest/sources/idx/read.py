"""IDX files, the format of the MNIST family (yann.lecun.com/exdb/mnist, "file formats")."""

import gzip
import zlib
from pathlib import Path
from typing import Any

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
    if images.ndim == 3:
        images = images[..., np.newaxis]
    if len(images) != len(labels) or labels.ndim != 1 or labels.min() < 0:
        raise Stop(
            f"ingest: {_name(pair.images)} has {len(images)} examples, "
            f"{_name(pair.labels)} has labels of shape {labels.shape}: they do not go together"
        )
    return images, labels


def read(path: Path) -> NDArray[Any]:
    """The array of an IDX file, gzipped or not, in the byte order of this machine.

    Raises:
        Stop: It is none, or cut off.
    """
    content = path.read_bytes()
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise Stop(f"{path}: damaged gzip file: {error}") from None
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in DTYPES:
        raise Stop(f"{path}: not an IDX file")
    dtype, dimensions = np.dtype(DTYPES[content[2]]), content[3]
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise Stop(f"{path}: damaged: it ends within its header")
    shape = tuple(int(size) for size in np.frombuffer(content[4:start], ">u4"))
    if len(content) - start != np.prod(shape, dtype=np.int64) * dtype.itemsize:
        raise Stop(f"{path}: damaged: {len(content) - start} bytes are not {shape} of {dtype}")
    values = np.frombuffer(content, dtype, offset=start).reshape(shape)
    return values.astype(dtype.newbyteorder("="))


def _name(file: File) -> str:
    return file if isinstance(file, str) else file.url.rpartition("/")[2]
