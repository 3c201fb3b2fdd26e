"""Images a second of the train stage's `fit` against a bare Keras loop, on both backends.

Same model, same batches, same epochs, no augmentation; the bare loop is `model.fit` on NumPy
arrays and no callbacks, the other is what `train` runs: batches, best weights, progress, MLflow.
The two take turns in one process after a warm-up, and the ratio is that of the medians.

    python benchmarks/throughput.py
"""

import contextlib
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import ROOT

IMAGES, EPOCHS, TURNS, BATCH = 6000, 2, 5, 128


def measure() -> None:
    """One backend; prints images a second of both, and the ratio."""
    import keras
    import mlflow
    import numpy as np

    from components.config.pipeline import Pipeline
    from components.data.dataset import Split
    from components.data.features.class_label import ClassLabel
    from components.data.features.image import Image
    from components.data.schema import Schema
    from components.fitting.data import Data
    from components.fitting.progress import Shown
    from components.fitting.supervised.build import build
    from components.fitting.watch import Curves, Watch, Watcher
    from components.run import tracking

    random = np.random.default_rng(0)
    images = random.normal(size=(IMAGES, 28, 28, 1)).astype(np.float32)
    labels = random.integers(0, 10, IMAGES)
    columns = {
        "image": Image((28, 28, 1), "float32", is_file=False),
        "label": ClassLabel(tuple("0123456789")),
    }
    every = Split(Schema(columns, ("label",)), {"image": images, "label": labels})
    few = Split(every.schema, {name: values[:64] for name, values in every.columns.items()})
    nothing = keras.Sequential([keras.Input((28, 28, 1))])
    data = Data(every, few, nothing, Path())
    file = Pipeline.model_validate(
        {
            "version": 1,
            "description": "benchmark",
            "task": "classification",
            "ingest": {"source": "sklearn.datasets.load_digits"},
            "model": {"architecture": "resnet", "blocks": [1, 1], "filters": 16},
            "train": {"epochs": EPOCHS + 1, "batch_size": BATCH},
            "register": {"name": "benchmark"},
        }
    )
    head = file.task.head(file, every)

    class Clock(Watcher):
        """Seconds of every epoch but the first, which compiles."""

        def epoch(self, number, values):
            self.start = time.perf_counter() if number == 0 else self.start
            return False

        def end(self):
            self.seconds = time.perf_counter() - self.start

    class KerasClock(keras.callbacks.Callback):
        """The same of a bare loop."""

        def on_epoch_end(self, epoch, logs=None):
            self.start = time.perf_counter() if epoch == 0 else self.start

        def on_train_end(self, logs=None):
            self.seconds = time.perf_counter() - self.start

    def bare() -> float:
        keras.utils.set_random_seed(0)
        model = build(file.model, every.schema, head)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        clock = KerasClock()
        model.fit(
            images,
            labels,
            batch_size=BATCH,
            epochs=EPOCHS + 1,
            verbose=0,
            callbacks=[clock],
            validation_data=(few["image"], few["label"]),
        )
        return clock.seconds

    def ours(live: tracking.Live) -> float:
        clock = Clock()
        shown = Shown("benchmark", file.train.monitored)
        with contextlib.redirect_stdout(io.StringIO()):  # its line now and then
            file.train.fit(file, data, 0, Watch(shown, Curves(live.log), clock))
        return clock.seconds

    with tempfile.TemporaryDirectory() as folder:
        mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
        client = tracking.connect("benchmark")
        with tracking.start(client, "benchmark", {}, {}) as live:
            bare(), ours(live)
            turns = [(bare(), ours(live)) for _ in range(TURNS)]
    slow, fast = (statistics.median(column) for column in zip(*turns, strict=True))
    total = IMAGES * EPOCHS
    print(
        f"{keras.backend.backend():10} bare Keras {total / slow:7.0f} images/s   "
        f"train {total / fast:7.0f} images/s   ratio {slow / fast:.3f}"
    )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure()
    for backend in ("tensorflow", "jax") if len(sys.argv) == 1 else ():
        environment = {**os.environ, "KERAS_BACKEND": backend}
        command = [sys.executable, __file__, "one"]
        subprocess.run(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL, check=True)
