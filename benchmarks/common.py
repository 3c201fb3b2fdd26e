"""What the benchmarks share."""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]


def seconds(call: Callable[[], object], repeats: int = 5) -> float:
    """Median seconds of a call."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def pipeline(**sections: Any) -> Any:
    """A pipeline file of these sections; its source, if none is given, is never read."""
    from components.config.pipeline import Pipeline

    given = {
        "version": 1,
        "description": "benchmark",
        "task": "classification",
        "ingest": {"source": "sklearn.datasets.load_digits"},
        "register": {"name": "benchmark"},
    }
    return Pipeline.model_validate({**given, **sections})


def digits(images: Any, labels: Any) -> Any:
    """A split of images `(n, 28, 28, 1)` and labels from 0 to 9."""
    import numpy as np

    from components.data.dataset import Split
    from components.data.features.class_label import ClassLabel
    from components.data.features.image import Image
    from components.data.schema import Schema

    features = {
        "image": Image((28, 28, 1), "float32", is_file=False),
        "label": ClassLabel(tuple("0123456789")),
    }
    columns = {"image": images.astype(np.float32), "label": labels.astype(np.int64)}
    return Split(Schema(features, ("label",)), columns)


def mnist(folder: Path, part: str) -> tuple[Any, Any]:
    """Images `(n, 28, 28)` and labels, uint8, of `train` or `t10k` of the MNIST family."""
    from components.ingest.sources.idx.read import read

    images = read(folder / f"{part}-images-idx3-ubyte.gz")
    return images, read(folder / f"{part}-labels-idx1-ubyte.gz")
