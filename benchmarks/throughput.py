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

from common import ROOT

IMAGES, EPOCHS, TURNS, BATCH = 6000, 2, 5, 128


def measure() -> None:
    """One backend; prints images a second of both, and the ratio."""
    import keras
    import mlflow
    import numpy as np

    from components.config.fitting import Fitting
    from components.config.models import ResNet
    from components.data.dataset import Facts, Split
    from components.fitting import fit
    from components.fitting.progress import Curves, Watch
    from components.models.build import build
    from components.run import tracking

    random = np.random.default_rng(0)
    images = random.normal(size=(IMAGES, 28, 28, 1)).astype(np.float32)
    labels = random.integers(0, 10, IMAGES)
    facts = Facts((28, 28, 1), "float32", tuple("0123456789"), {"train": IMAGES})
    nothing = keras.Sequential([keras.Input((28, 28, 1))])
    few = Split(images[:64], labels[:64])
    data = fit.Data(Split(images, labels), few, facts, nothing)
    section = ResNet(architecture="resnet", blocks=(1, 1), filters=16)
    config = Fitting(epochs=EPOCHS + 1, batch_size=BATCH)

    class Clock(keras.callbacks.Callback):
        """Seconds of every epoch but the first, which compiles."""

        def on_epoch_begin(self, epoch, logs=None):
            self.start = time.perf_counter() if epoch == 1 else getattr(self, "start", 0)

        def on_train_end(self, logs=None):
            self.seconds = time.perf_counter() - self.start

    def bare() -> float:
        keras.utils.set_random_seed(0)
        model = build(section, (28, 28, 1), 10, "softmax")
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        clock = Clock()
        model.fit(
            images,
            labels,
            batch_size=BATCH,
            epochs=EPOCHS + 1,
            verbose=0,
            callbacks=[clock],
            validation_data=(few.array, few.labels),
        )
        return clock.seconds

    def ours(live: tracking.Live) -> float:
        clock = Clock()
        watch = Watch("benchmark", config.checkpoint.monitor, IMAGES)
        with contextlib.redirect_stdout(io.StringIO()):  # its line now and then
            fit.fit(config, section, data, 0, [watch, Curves(live), clock])
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
