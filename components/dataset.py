"""A dataset on disk: a Hugging Face `datasets` folder that any data tool opens.

    data/digits/raw/
        dataset.json            shape, dtype and classes of an example, and the fingerprint
        dataset_dict.json       the names of the splits
        train/  validation/  test/      Arrow files: `input`, `label`

Examples of one shape are a fixed-size binary column, read as zero-copy NumPy views of the
memory-mapped file (an `Array3D` column gathers at 15 k images/s, these at memory speed). Images
of several sizes stay as the bytes of their files until a `Resizing` gives them one shape.
"""

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value, load_from_disk
from datasets.utils.logging import disable_progress_bar
from numpy.typing import NDArray
from PIL import Image, ImageOps

from components.errors import Stop
from components.files import read_json, write_json

SPLITS = ("train", "validation", "test")

disable_progress_bar()  # saving a split takes milliseconds; a bar for it is noise


@dataclass(frozen=True)
class Facts:
    """What is known about a dataset without reading it."""

    shape: tuple[int | None, ...]
    """Shape of one example; `(None, None, channels)` for images of several sizes."""
    dtype: str
    """NumPy dtype of an example."""
    classes: tuple[str, ...]
    """Names of the classes; a label is a position in them."""
    counts: dict[str, int]
    """Examples in each split."""

    def with_counts(self, counts: dict[str, int]) -> "Facts":
        """The same facts with other splits."""
        return replace(self, counts=counts)

    @property
    def is_image(self) -> bool:
        """Whether an example has height, width and channels."""
        return len(self.shape) == 3

    @property
    def is_encoded(self) -> bool:
        """Whether examples are image files of several sizes."""
        return None in self.shape


@dataclass(frozen=True)
class Split:
    """One split, `n` examples.

    Args:
        inputs: `(n, ...)` for examples of one shape, or the bytes of `n` image files.
        labels: `(n,)`, int64.
    """

    inputs: NDArray[Any] | Sequence[bytes]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def array(self) -> NDArray[Any]:
        """The inputs of examples of one shape, `(n, ...)`."""
        assert isinstance(self.inputs, np.ndarray)
        return self.inputs

    def chunks(self, size: int = 1024) -> Iterator[NDArray[Any]]:
        """The inputs of examples of one shape, `size` at a time."""
        for start in range(0, len(self), size):
            yield self.array[start : start + size]


def decode(encoded: bytes, channels: int) -> NDArray[np.uint8]:
    """The pixels of an image file, `(height, width, channels)`, uint8."""
    with Image.open(io.BytesIO(encoded)) as stored:
        image = ImageOps.exif_transpose(stored)
        pixels = np.asarray(image.convert("L" if channels == 1 else "RGB"))
    return pixels.reshape(*pixels.shape[:2], channels)


def fingerprint(split: Split) -> str:
    """SHA-256 over the inputs and labels of a split, in order."""
    digest = hashlib.sha256()
    for chunk in split.chunks() if isinstance(split.inputs, np.ndarray) else split.inputs:
        digest.update(chunk if isinstance(chunk, bytes) else np.ascontiguousarray(chunk).data)
    digest.update(np.ascontiguousarray(split.labels, dtype="<i8").data)
    return digest.hexdigest()


def save(
    splits: Mapping[str, Split], shape: Sequence[int | None], classes: Sequence[str], folder: Path
) -> str:
    """Writes a dataset to a new folder.

    Returns:
        Its fingerprint, which depends on the examples and their order alone.
    """
    prints = {name: fingerprint(split) for name, split in splits.items()}
    tables = {}
    for name, split in splits.items():
        # Left to itself, `datasets` draws the fingerprint of an in-memory table at random.
        tables[name] = Dataset(_table(split, classes), fingerprint=prints[name][:16])
    DatasetDict(tables).save_to_disk(folder)
    first = next(iter(splits.values())).inputs
    facts = Facts(
        tuple(shape),
        str(first.dtype) if isinstance(first, np.ndarray) else "uint8",
        tuple(classes),
        {name: len(split) for name, split in splits.items()},
    )
    whole = hashlib.sha256("".join(prints.values()).encode()).hexdigest()
    write_json({**asdict(facts), "fingerprint": whole}, folder / "dataset.json")
    return whole


def read_facts(folder: Path) -> Facts:
    """What is known about the dataset in `folder`."""
    facts = _description(folder)
    return Facts(tuple(facts["shape"]), facts["dtype"], tuple(facts["classes"]), facts["counts"])


def read_fingerprint(folder: Path) -> str:
    """The fingerprint of the dataset in `folder`."""
    return str(_description(folder)["fingerprint"])


def open_split(folder: Path, name: str) -> Split:
    """Memory-maps one split of the dataset in `folder`; its arrays are read-only.

    Raises:
        Stop: There is no dataset, or it has no such split.
    """
    facts = read_facts(folder)
    if name not in facts.counts:
        raise Stop(f"{folder}: no split '{name}'; there are {', '.join(facts.counts)}")
    if not facts.counts[name]:  # `datasets` writes no file for it, and then cannot open it
        return Split(np.empty((0, *facts.shape), facts.dtype), np.empty(0, np.int64))  # type: ignore[arg-type]
    table = load_from_disk(str(folder / name)).data.table
    labels = table.column("label").to_numpy()
    column = table.column("input")
    if facts.is_encoded:
        return Split(_Encoded(column), labels)
    views = [_view(chunk, facts) for chunk in column.chunks]
    # One chunk is one memory map: only a set of several files is copied together.
    return Split(views[0] if len(views) == 1 else np.concatenate(views), labels)


class _Encoded(Sequence[bytes]):
    """The binary column of a memory-mapped table, one file at a time."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        self._column = column

    def __len__(self) -> int:
        return len(self._column)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return self._column[index].to_pylist()
        return self._column[int(index)].as_py()


def _view(chunk: pa.FixedSizeBinaryArray, facts: Facts) -> NDArray[Any]:
    width = chunk.type.byte_width
    flat = np.frombuffer(chunk.buffers()[1], np.uint8)
    flat = flat[chunk.offset * width : (chunk.offset + len(chunk)) * width]
    return flat.view(facts.dtype).reshape(len(chunk), *facts.shape)


def _table(split: Split, classes: Sequence[str]) -> pa.Table:
    if isinstance(split.inputs, np.ndarray):
        rows = np.ascontiguousarray(split.inputs)
        width = int(rows.dtype.itemsize * np.prod(rows.shape[1:]))
        column = pa.FixedSizeBinaryArray.from_buffers(
            pa.binary(width), len(rows), [None, pa.py_buffer(rows)]
        )
        kind = f"fixed_size_binary[{width}]"
    else:
        column, kind = pa.array(split.inputs, pa.binary()), "binary"
    features = Features({"input": Value(kind), "label": ClassLabel(names=list(classes))})
    labels = pa.array(np.asarray(split.labels, np.int64))
    return pa.Table.from_arrays([column, labels], schema=features.arrow_schema)


def _description(folder: Path) -> dict[str, Any]:
    try:
        return read_json(folder / "dataset.json")  # type: ignore[no-any-return]
    except FileNotFoundError:
        raise Stop(f"{folder}: not a dataset: no dataset.json") from None
