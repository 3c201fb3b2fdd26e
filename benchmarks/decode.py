"""Images a second from JPEG files to resized arrays: the preprocess stage, and what does it alone.

`image_dataset_from_directory` gives batches to one process and keeps nothing; `datasets.map` and
the stage write what they made to disk. All use both processors. The processes of the stage have
started before the clock does, as have TensorFlow's threads. The stage is measured with a plain
`Resizing`, and with one that antialiases, as `photos` has it, for which large photos are decoded
at a part of their size; what it is set against does not antialias.

    python benchmarks/decode.py [images [width height]]
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import common  # noqa: F401
import numpy as np
import photos

SIZE, SIDE, SPLITS = (640, 480), 128, ("train", "validation", "test")


def antialiasing(folder: Path) -> Callable[[], int]:
    """Our stage, as it is for photos."""
    return stage(folder, antialias=True)


def stage(folder: Path, **settings: Any) -> Callable[[], int]:
    """Our stage: ingested files to a model-ready dataset."""
    import keras

    from components.base import workers as processes
    from components.preprocess.stage import Source, transform

    processes.START_S = 0  # or the first seconds of work would be done before there are any
    workers = processes.Workers().__enter__()
    layers = [keras.layers.Resizing(SIDE, SIDE, **settings)]

    def prepare(images: Path) -> int:
        raw, ready, scratch = (images.with_name(f"{images.name}-{one}") for one in "abc")
        sources = [one for name in SPLITS for one in Source.of(raw, name, [])]
        facts, _ = transform(layers, sources, ready, scratch, workers)
        return sum(facts.counts.values())

    few = folder.with_name("few")
    photos.write(few, 24, *SIZE)
    for images in (few, folder):
        shutil.rmtree(images.with_name(f"{images.name}-a"), ignore_errors=True)
        ingest(images, images.with_name(f"{images.name}-a"), workers)
    prepare(few)  # starts the processes
    return lambda: prepare(folder)


def ingest(images: Path, raw: Path, workers: Any) -> None:
    """Files to a dataset of files."""
    from components.ingest.sources.image_folder import ImageFolder
    from components.ingest.stage import split, write

    config = ImageFolder(source="image_folder")
    found = config.listing(images)
    write(found, split(config, found, 0, workers), raw, workers)


def keras_alone(folder: Path) -> Callable[[], int]:
    """Keras's own reader, iterated once."""
    import keras

    def run() -> int:
        batches = keras.utils.image_dataset_from_directory(
            folder, image_size=(SIDE, SIDE), batch_size=64, shuffle=False, verbose=False
        )
        return sum(len(labels) for _, labels in batches)

    return run


def datasets_alone(folder: Path) -> Callable[[], int]:
    """Hugging Face `datasets` with Pillow, in two processes."""
    from datasets import Dataset, Image

    files = Dataset.from_dict({"image": sorted(map(str, folder.rglob("*.jpg")))})

    def run() -> int:
        made = files.cast_column("image", Image()).map(
            resize, remove_columns=["image"], num_proc=2, load_from_cache_file=False
        )
        return len(made)

    return run


def resize(example: dict) -> dict:
    """One image, as a user of `datasets` would write it."""
    image = example["image"].convert("RGB").resize((SIDE, SIDE), 2)
    return {"pixels": np.asarray(image, np.float32).tobytes()}


def again(folder: Path) -> Callable[[], int]:
    """What the stage has made, read once more in batches: every epoch after the first."""
    from components.data import dataset

    def run() -> int:
        ready, total = folder.with_name(f"{folder.name}-b"), 0
        for name in SPLITS:
            images = dataset.open_split(ready, name).input
            for start in range(0, len(images), 64):
                rows = np.arange(start, min(start + 64, len(images)))
                total += len(images[rows])  # copied, as a batch of a training is
        return total

    return run


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "photos"
        size = tuple(map(int, sys.argv[2:])) or SIZE
        photos.write(folder, count, *size)
        rates = {}
        for make in (antialiasing, stage, again, keras_alone, datasets_alone):
            run = make(folder)
            start = time.perf_counter()
            done = run()
            rates[make] = done / (time.perf_counter() - start)
        for make in rates:
            ratios = [rates[one] / rates[make] for one in (stage, antialiasing)]
            print(
                f"{make.__name__:15} {rates[make]:7.0f} images/s   stage is {ratios[0]:.2f} times "
                f"that, antialiasing {ratios[1]:.2f}"
            )
        ten = 1 / rates[stage] + 10 / rates[again]
        print(
            f"ten epochs: stage is {10 / rates[keras_alone] / ten:.1f} times as fast as keras_alone"
        )
