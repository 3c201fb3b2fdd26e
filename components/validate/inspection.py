"""What is known of each example after one look at it."""

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import imagehash
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image, ImageStat

from components.data.dataset import Facts, open_shards
from components.data.images import Undecodable, decode, header

THUMBNAIL = 32  # pixels a side, what the perceptual hash looks at
DTYPES = {
    "status": "str",
    "reason": "str",
    "format": "str",
    "mode": "str",
    "height": "int64",
    "width": "int64",
    "digest": "object",
    "phash": "uint64",  # said, lest hashes below and above 2 ** 63 meet as floats
    "is_constant": "bool",
    "is_finite": "bool",
}


@dataclass(frozen=True)
class Shard:
    """Some examples of a split, to be looked at by one worker."""

    split: str
    path: Path
    facts: Facts


@dataclass(frozen=True)
class Look:
    """What is known of an example."""

    status: str = "ok"
    """`ok`, `truncated`, `corrupt` or `foreign`."""
    reason: str = ""
    """Why it is not ok."""
    format: str = ""
    mode: str = ""
    height: int = 0
    width: int = 0
    digest: bytes = b""
    """Of its values, whatever the format of the file."""
    phash: int = 0
    is_constant: bool = False
    is_finite: bool = True
    measures: Any = np.nan
    """One value for each of `measures`; NaN where they cannot be taken."""


def inspect(shard: Shard) -> pd.DataFrame:
    """Looks at every example of a shard.

    Returns:
        A row for each example: `split`, `label`, `name` (empty where nothing says it), the fields
        of a `Look`, and a column for each of `measures`.
    """
    examples = open_shards([shard.path], shard.facts)
    look = _file if shard.facts.is_encoded else _array
    found, columns = [], measures(shard.facts)
    values = np.empty((len(examples), len(columns)))
    for row in range(len(examples)):
        one = look(examples.inputs[row], examples.name(row), shard.facts)
        values[row] = one.measures
        found.append({column: getattr(one, column) for column in DTYPES})
    table = pd.DataFrame(found, columns=list(DTYPES)).astype(DTYPES)
    table.insert(0, "split", shard.split)
    table.insert(1, "label", examples.labels)
    table.insert(2, "name", list(examples.names) if examples.names is not None else "")
    return pd.concat([table, pd.DataFrame(values, columns=columns)], axis=1)


def together(shards: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Inspected shards as one table, with `row`, the position of an example within its split."""
    table = pd.concat(list(shards), ignore_index=True)
    row = table.groupby("split").cumcount()
    name = table["name"].where(table["name"] != "", table["split"] + ":" + row.astype(str))
    return table.assign(row=row, name=name)


def measures(facts: Facts) -> list[str]:
    """Names of what is measured: of images the mean and standard deviation of each channel."""
    if not facts.is_image:
        return [f"feature {place}" for place in range(math.prod(one or 1 for one in facts.shape))]
    channels = range(facts.channels)
    return [f"{what} of channel {place}" for what in ("mean", "contrast") for place in channels]


def _file(encoded: bytes, name: str | None, facts: Facts) -> Look:
    said = header(encoded)
    seen = vars(said) if said else {}
    try:
        whole = decode(encoded, facts.channels, facts.dtype, whole=True)
        return replace(_array(whole, name, facts), **seen)
    except Undecodable as error:
        reason = str(error)
    try:
        part = decode(encoded, facts.channels, facts.dtype)
        return replace(_array(part, name, facts), status="truncated", reason=reason, **seen)
    except Undecodable:
        is_foreign = encoded and not said and not _is_named_as_image(name)
        return Look(status="foreign" if is_foreign else "corrupt", reason=reason, **seen)


def _array(values: NDArray[Any], name: str | None, facts: Facts) -> Look:
    seen = Look(
        digest=hashlib.blake2b(
            np.ascontiguousarray(values).data, digest_size=16, salt=str(values.shape).encode()[:16]
        ).digest(),
        is_constant=_is_constant(values, facts),
        is_finite=values.dtype.kind != "f" or bool(np.isfinite(values).all()),
    )
    if not seen.is_finite:
        return seen
    if not facts.is_image:
        return replace(seen, measures=np.ravel(values))
    return replace(seen, phash=perceptual_hash(thumbnail(values)), measures=_moments(values))


def _is_constant(values: NDArray[Any], facts: Facts) -> bool:
    """Whether every pixel has the colour of the first one, or every feature one value."""
    if facts.is_image:
        return bool((values == values[:1, :1]).all())
    # A single value is no more constant than any other.
    return values.size > 1 and bool(values.min() == values.max())


def _moments(pixels: NDArray[Any]) -> NDArray[np.float64]:
    """The mean of each channel, then the standard deviation of each."""
    if pixels.dtype == np.uint8 and pixels.shape[-1] in (1, 3):
        # Exact, and ten times as fast as NumPy's sums over interleaved channels.
        image = Image.fromarray(pixels if pixels.shape[-1] == 3 else pixels[..., 0])
        found = ImageStat.Stat(image)
        return np.array([*found.mean, *found.stddev])
    means = pixels.mean(axis=(0, 1), dtype=np.float64)
    return np.concatenate([means, pixels.std(axis=(0, 1), dtype=np.float64)])


def thumbnail(pixels: NDArray[Any]) -> Image.Image:
    """A grey image of 32 x 32 pixels.

    Args:
        pixels: `(height, width, channels)`, finite; what is not RGB with 8 bits is stretched to
            its own range.
    """
    if pixels.dtype == np.uint8 and pixels.shape[-1] == 3:
        image = Image.fromarray(pixels).convert("L")
    else:
        grey = pixels.mean(axis=-1, dtype=np.float64)
        low, high = grey.min(), grey.max()
        image = Image.fromarray((255 * ((grey - low) / ((high - low) or 1))).astype(np.uint8))
    return image.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS, reducing_gap=2.0)


def perceptual_hash(small: Image.Image) -> int:
    """64 bits that stay the same when an image is scaled or compressed (imagehash.phash)."""
    bits = imagehash.phash(small).hash
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def _is_named_as_image(name: str | None) -> bool:
    if not name or "." not in name:
        return True  # nothing says that it is anything else
    # Pillow registers .pdf too, which it writes but does not read.
    return Image.registered_extensions().get(Path(name).suffix.lower()) in Image.OPEN
