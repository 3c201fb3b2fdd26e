"""One pass of ZCA whitening over many images of 32x32x3: 3,072 features.

Seconds and peak memory (as in benchmarks/larger_than_memory.py) of fitting the layer from the
partial sums of two processes; beside it the plain way, NumPy's covariance and eigenvectors of as
many images as fit in memory, in one process with all its threads.

    python benchmarks/whitening.py [images]
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from common import ROOT
from larger_than_memory import GB, measure

SHAPE, PLAIN = (32, 32, 3), 20_000


def write(folder: Path, count: int) -> None:
    """A dataset of images with correlated pixels."""
    from components.data import shards
    from components.data.dataset import Facts, Split
    from components.data.features.class_label import ClassLabel
    from components.data.features.image import Image
    from components.data.schema import Schema

    schema = Schema(
        {"image": Image(SHAPE, "uint8", is_file=False), "label": ClassLabel(("a", "b"))}, ("label",)
    )
    coarse = np.random.default_rng(0).integers(0, 200, (4096, 8, 8, 3), np.uint8)
    smooth = coarse.repeat(4, axis=1).repeat(4, axis=2)
    size = 10_000
    written = []
    for number, start in enumerate(range(0, count, size)):
        random = np.random.default_rng(number)
        length = min(size, count - start)
        images = smooth[random.integers(0, 4096, length)]
        images = images + random.integers(0, 56, images.shape, np.uint8)
        path = folder / "train" / shards.file_name(number, -(-count // size))
        part = Split(schema, {"image": images, "label": np.zeros(length, np.int64)})
        written.append(shards.write(path, [part], schema))
    shards.seal(folder, written, Facts(schema, {"train": count}))


def fit(folder: Path) -> None:
    """What the measured process does."""
    from components.base.workers import Workers
    from components.layers.whitening import ZCAWhitening
    from components.preprocess import stage

    with Workers() as workers, tempfile.TemporaryDirectory() as scratch:
        layer = ZCAWhitening(epsilon=0.1)
        sources = stage.Source.of(folder, "train", [])
        stage.fit([layer], sources, Path(scratch), workers, (ZCAWhitening.__module__,))


def plain(folder: Path) -> None:
    """The same of the first images, with NumPy alone."""
    from components.data import dataset

    images = dataset.open_split(folder, "train").input[:PLAIN]
    images = images.reshape(len(images), -1)
    values, vectors = np.linalg.eigh(np.cov(images, rowvar=False))
    (vectors / np.sqrt(values + 0.1)) @ vectors.T


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    if len(sys.argv) > 2:
        {"fit": fit, "plain": plain}[sys.argv[1]](Path(sys.argv[2]))
        raise SystemExit
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "raw"
        write(folder, count)
        rates = {}
        for name, images in (("fit", count), ("plain", min(count, PLAIN))):
            took, peak = measure([sys.executable, __file__, name, str(folder)])
            rates[name] = images / took
            print(
                f"{name:6} {images:9,} images  {took:7.1f} s  {rates[name]:7.0f} images/s  "
                f"peak {peak / GB:.2f} GB",
                flush=True,
            )
        print(f"ratio {rates['fit'] / rates['plain']:.1f}")
