"""Images: arrays of one size, or image files of any."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import PIL.Image
import pyarrow as pa
from numpy.typing import NDArray
from PIL import ImageStat

from components.base.errors import Stop
from components.base.files import leaving
from components.data.codecs import DEEP, GREY, Header, Undecodable, decode, header
from components.data.features.feature import SHOWN, Feature, Found, Look, Shape, TableColumn, digest
from components.data.rows import Cells, Column, Files, Rows, Values

if TYPE_CHECKING:
    import pandas as pd

SMALL = 32  # pixels a side, what a perceptual hash looks at
ENOUGH = (4 * SMALL, 4 * SMALL)  # height and width, to look at a photo
RARE = 0.05  # share of the examples below which a mode or a format is odd
AREA, ASPECT = 10.0, 3.0  # times the median beyond which a size or a shape is odd


@dataclass(frozen=True)
class Image(Feature):
    """An image, `(height, width, channels)`; image files may have several sizes.

    Args:
        shape: None where it varies.
        dtype: `uint8`, `uint16` or `float32`.
        is_file: Whether it is stored as the file that it came as.
    """

    shape: Shape = (None, None, 3)
    dtype: Found[str] = "uint8"
    is_file: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", tuple(self.shape))

    @property
    def channels(self) -> int:
        """1 for grey, 3 for RGB."""
        return self.shape[-1] or 1

    @property
    def is_encoded(self) -> bool:
        """Whether it is a file."""
        return self.is_file

    def gather(self, column: TableColumn) -> tuple[Self, Rows]:
        """Paths of image files, or their bytes; `Stop` where a file is missing."""
        return self, pictures(column)

    def observe(self, value: Any) -> Header | None:
        """What a file says of itself before its pixels are read."""
        return header(value) if self.is_file else None

    def known(self, seen: Counter[Any]) -> Self:
        """The size where all have one; grey, and 16 bits, where all are."""
        if not self.is_file:
            return self
        headers = [one for one in seen if one is not None]
        modes = {one.mode for one in headers}
        sizes: set[tuple[int | None, int | None]] = {(one.height, one.width) for one in headers}
        size = sizes.pop() if len(sizes) == 1 else (None, None)
        channels = 1 if modes and modes <= GREY | DEEP else 3
        dtype = "uint16" if modes and modes <= DEEP else "uint8"
        return replace(self, shape=(*size, channels), dtype=dtype)

    def after(self, shape: Shape) -> Feature:
        """Still an image, where it has height, width and channels."""
        if len(shape) != len(self.shape):
            return super().after(shape)
        return Image(shape, "float32", is_file=False)

    @property
    def stored(self) -> str:
        """Files as bytes, arrays as bytes of one length."""
        return "binary" if self.is_file else super().stored

    def store(self, values: Any) -> pa.Array:
        """Files as they are."""
        return pa.array(list(values), pa.binary()) if self.is_file else super().store(values)

    def open(self, column: pa.ChunkedArray) -> Rows:
        """Files, or `(n, height, width, channels)`."""
        return Column(column) if self.is_file else super().open(column)

    def none(self) -> Rows:
        """No images."""
        return Values() if self.is_file else super().none()

    def decode(self, value: Any) -> NDArray[Any]:
        """The pixels; `Undecodable` where the file is no image."""
        return self.decode_least(value)

    def decode_least(self, value: Any, least: tuple[int, int] | None = None) -> NDArray[Any]:
        """The pixels, of a JPEG as few as are enough; `Undecodable` where it is no image."""
        if self.is_file:
            return decode(value, self.channels, self.dtype, least=least)
        return np.asarray(value)

    @property
    def measures(self) -> Sequence[str]:
        """The mean and the standard deviation of each channel."""
        channels = range(self.channels)
        return [f"{what} of channel {place}" for what in ("mean", "contrast") for place in channels]

    def look(self, value: Any, name: str | None) -> Look:
        """Whether it can be decoded, wholly, and shows anything."""
        if not self.is_file:
            return self._look_at(np.asarray(value), {}, {})
        said = header(value)
        facts = vars(said) if said else {}
        try:
            return self._look_in(value, facts, {}, whole=True)
        except Undecodable as error:
            reason = str(error)
        try:
            return self._look_in(value, facts, {"truncated": reason}, whole=False)
        except Undecodable:
            is_foreign = value and not said and not _is_named_as_image(name)
            return Look({"foreign" if is_foreign else "corrupt": reason}, facts=facts)

    def _look_in(
        self, file: bytes, facts: Mapping[str, Any], findings: dict[str, str], whole: bool
    ) -> Look:
        """Looks at a file in a part of its size, if that shows anything."""
        pixels = decode(file, self.channels, self.dtype, whole, ENOUGH)
        is_reduced = bool(facts) and pixels.shape[:2] != (facts["height"], facts["width"])
        if is_reduced and _is_constant(pixels):  # what is finer, it would not show
            pixels, is_reduced = decode(file, self.channels, self.dtype, whole), False
        return replace(self._look_at(pixels, facts, findings), is_reduced=is_reduced)

    def _look_at(
        self, pixels: NDArray[Any], facts: Mapping[str, Any], findings: dict[str, str]
    ) -> Look:
        if _is_constant(pixels):
            findings["constant"] = "of one colour or value"
        if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
            return Look({**findings, "not_finite": "holds NaN or infinity"}, digest(pixels), facts)
        likeness = small(pixels) if "constant" not in findings else None
        return Look(findings, digest(pixels), facts, _moments(pixels), likeness)

    def odd(self, facts: "pd.DataFrame") -> Mapping[str, "pd.Series"]:
        """Files of an unusual size, shape, mode or format."""
        if not self.is_file or facts.empty:
            return {}
        area = facts["height"] * facts["width"].astype(float)
        aspect = facts["width"] / facts["height"]
        height, width = (facts[side].astype(int).astype(str) for side in ("height", "width"))
        found = {}
        for kind, values, limit in (("odd_size", area, AREA), ("odd_aspect", aspect, ASPECT)):
            ratio = values / (values.median() or 1)
            is_odd = (ratio > limit) | (ratio < 1 / limit)
            found[kind] = (width + " x " + height)[is_odd]
        for kind, values in (("odd_mode", facts["mode"]), ("odd_format", facts["format"])):
            rare = values.map(values.value_counts(normalize=True)) < RARE
            found[kind] = values[rare].astype(str) + f", most are {values.mode().iloc[0]}"
        return found

    def thumbnail(self, value: Any) -> NDArray[np.float32] | None:
        """Grey, of mean 0 and length 1; of length 0 where it shows nothing."""
        pixels = self.decode_least(value, ENOUGH)
        values: NDArray[np.float32] = np.array(small(pixels), np.float32).ravel()
        values -= values.mean()
        values /= np.linalg.norm(values) or 1
        return values


def pictures(column: TableColumn) -> Rows:
    """Image files of a table, by their paths, or as bytes in its cells."""
    if getattr(column.kind, "dtype", "") in ("string", "large_string"):
        paths = column.values[:]
        column.refuse_missing(paths)
        return files(paths, column)
    table = column.table
    if column.is_of("Image"):
        table = table.cast_column(column.name, replace(column.kind, decode=False))
    return Cells(table.select_columns([column.name]), column.name)


def files(paths: Sequence[str], column: TableColumn) -> Files:
    """The files that a column names; `Stop` where one is not in the folder."""
    root = column.folder
    where = f"ingest.columns.{column.name}"
    if outside := leaving(paths, root):
        raise Stop(f"{where}: {len(outside)} paths leave {root}, such as {outside[0]}")
    # Not `Path.is_file`, which raises of a name that no file can have.
    missing = [path for path in paths if not os.path.isfile(root / path)]
    if missing:
        shown = ", ".join(missing[:SHOWN]) + (", ..." if len(missing) > SHOWN else "")
        raise Stop(f"{where}: {len(missing)} of {len(paths)} files are not in {root}: {shown}")
    return Files.of(root, paths)


def _is_constant(pixels: NDArray[Any]) -> bool:
    return bool((pixels == pixels[:1, :1]).all())


def _moments(pixels: NDArray[Any]) -> NDArray[np.float64]:
    """The mean of each channel, then the standard deviation of each."""
    if pixels.dtype == np.uint8 and pixels.shape[-1] in (1, 3):
        # Exact, and ten times as fast as NumPy's sums over interleaved channels.
        image = PIL.Image.fromarray(pixels if pixels.shape[-1] == 3 else pixels[..., 0])
        found = ImageStat.Stat(image)
        return np.array([*found.mean, *found.stddev])
    means = pixels.mean(axis=(0, 1), dtype=np.float64)
    return np.concatenate([means, pixels.std(axis=(0, 1), dtype=np.float64)])


def small(pixels: NDArray[Any]) -> PIL.Image.Image:
    """A grey image of 32 x 32 pixels.

    Args:
        pixels: `(height, width, channels)`, finite; what is not RGB with 8 bits is stretched to
            its own range.
    """
    if pixels.dtype == np.uint8 and pixels.shape[-1] == 3:
        image = PIL.Image.fromarray(pixels).convert("L")
    else:
        grey = pixels.mean(axis=-1, dtype=np.float64)
        low, high = grey.min(), grey.max()
        image = PIL.Image.fromarray((255 * ((grey - low) / ((high - low) or 1))).astype(np.uint8))
    return image.resize((SMALL, SMALL), PIL.Image.Resampling.LANCZOS, reducing_gap=2.0)


def _is_named_as_image(name: str | None) -> bool:
    if not name or "." not in name:
        return True  # nothing says that it is anything else
    # Pillow registers .pdf too, which it writes but does not read.
    return PIL.Image.registered_extensions().get(Path(name).suffix.lower()) in PIL.Image.OPEN
