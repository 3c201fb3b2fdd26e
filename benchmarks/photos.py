"""Folders of made-up photos, for the other benchmarks."""

from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = ("dawn", "noon", "dusk", "night")


def write(folder: Path, count: int, width: int, height: int, quality: int = 90) -> int:
    """Writes `count` JPEG files of smooth colours and fine grain, each unlike the others.

    Returns:
        Their bytes.
    """
    for name in CLASSES:
        (folder / name).mkdir(parents=True, exist_ok=True)
    one = partial(_write, folder, width, height, quality)
    with ProcessPoolExecutor() as processes:
        return sum(processes.map(one, range(count), chunksize=64))


def _write(folder: Path, width: int, height: int, quality: int, number: int) -> int:
    random = np.random.default_rng(number)
    label = number % len(CLASSES)
    coarse = random.integers(0, 200, (6, 8, 3), np.uint8) // 2 + 30 * label
    image = Image.fromarray(coarse.astype(np.uint8)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    grain = random.integers(0, 24, (height, width, 1), np.uint8)
    image = Image.fromarray(np.asarray(image) // 10 * 9 + grain)
    path = folder / CLASSES[label] / f"{number:07}.jpg"
    image.save(path, quality=quality)
    return path.stat().st_size
