"""How like photos that are decoded at a part of their size are to those that are decoded whole.

    python benchmarks/scaled.py FOLDER [SIDE]

Every JPEG below FOLDER is made SIDE x SIDE (128) by `Resizing` with `antialias`, of the whole photo
and of what `preprocess` decodes of it, and by `Resizing` without. Prints the structural similarity
(`tf.image.ssim`, Wang et al. 2004) to the first: the worst, the lowest hundredth and the mean; and
the decoding's images a second, whole and in part, on one core.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import common  # noqa: F401  finds the project
import keras
import numpy as np

from components.data.codecs import decode
from components.data.examples import LEFT, resizing


def ssim(one: Any, other: Any) -> float:
    """Of two images with values up to 255."""
    import tensorflow as tf

    return float(tf.image.ssim(tf.constant(one), tf.constant(other), 255.0))


def main(folder: Path, side: int) -> None:
    """Every photo, three ways."""
    smooth, plain = (
        resizing(keras.layers.Resizing(side, side, antialias=is_smooth), 3, "uint8")
        for is_smooth in (True, False)
    )
    found: dict[str, list[float]] = {"in part, antialiased": [], "whole, not antialiased": []}
    seconds = {"whole": 0.0, "in part": 0.0}
    for path in sorted(folder.rglob("*.jpg")):
        encoded, times = path.read_bytes(), [time.perf_counter()]
        whole = decode(encoded, 3)
        times.append(time.perf_counter())
        part = decode(encoded, 3, least=(LEFT * side, LEFT * side))
        times.append(time.perf_counter())
        for name, taken in zip(seconds, np.diff(times), strict=True):
            seconds[name] += taken
        for name, image in zip(found, (smooth(part), plain(whole)), strict=True):
            found[name].append(ssim(smooth(whole), image))
    for name, values in found.items():
        low = np.quantile(values, 0.01)
        print(
            f"{name:22} worst {min(values):.4f}   1 % {low:.4f}   mean {np.mean(values):.4f}   "
            f"of {len(values)} photos"
        )
    rates = {name: len(values) / taken for name, taken in seconds.items()}
    print(
        "decoded "
        + "   ".join(f"{name} {rate:,.0f} images/s" for name, rate in rates.items())
        + f"   ratio {rates['in part'] / rates['whole']:.2f}"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if sys.argv[2:] else 128)
