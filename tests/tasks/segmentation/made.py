"""A pipeline file, and images with masks of several sizes."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from components.config.pipeline import Pipeline

TEXT = """\
version: 1
description: discs
task: segmentation
ingest:
  source: image_folder
  path: photos
  masks: masks
  mask: {Mask: {classes: [ground, disc], threshold: 128}}
preprocess:
  - Resizing: {height: 16, width: 16}
  - Rescaling: {scale: 0.004}
augment:
  layers:
    - RandomFlip: {mode: horizontal}
model:
  architecture: unet
  filters: [4, 8]
train:
  epochs: 1
  batch_size: 4
register:
  name: discs
"""
SECTIONS: dict[str, Any] = {
    "version": 1,
    "description": "discs",
    "task": "segmentation",
    "ingest": {
        "source": "image_folder",
        "masks": "masks",
        "mask": {"Mask": {"classes": ["ground", "disc"], "threshold": 128}},
    },
    "model": {"architecture": "unet", "filters": [4, 8]},
    "register": {"name": "discs"},
}


def pipeline(**sections: Any) -> Pipeline:
    """A checked file, with some of its sections other ones."""
    train = {"epochs": 1, "batch_size": 4, **sections.pop("train", {})}
    return Pipeline.model_validate({**SECTIONS, "train": train, **sections})


def png(values: Any) -> bytes:
    """A file of an image or a mask."""
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(values, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def disc(seed: int, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """A photo of a bright disc before a dark ground with grain, and where the disc is."""
    random = np.random.default_rng(seed)
    radius = min(height, width) * random.uniform(0.2, 0.35)
    row, column = random.uniform(radius, [height - radius, width - radius])
    rows, columns = np.mgrid[:height, :width] + 0.5
    is_disc = (rows - row) ** 2 + (columns - column) ** 2 < radius**2
    ground, bright = random.uniform(20, 110, 3), random.uniform(150, 240, 3)
    photo = np.where(is_disc[..., np.newaxis], bright, ground)
    photo += random.normal(0, 12, photo.shape)
    return np.clip(photo, 0, 255).astype(np.uint8), is_disc


def write_discs(folder: Path, count: int, sizes: Any = ((24, 30), (32, 20), (28, 28))) -> None:
    """`folder/photos/N.jpg` and `folder/masks/N.png`, of several sizes in turn."""
    for name in ("photos", "masks"):
        (folder / name).mkdir(parents=True)
    for number in range(count):
        photo, is_disc = disc(number, *sizes[number % len(sizes)])
        Image.fromarray(photo).save(folder / "photos" / f"{number}.jpg", quality=95)
        (folder / "masks" / f"{number}.png").write_bytes(png(255 * is_disc))
