"""Images a second of the train stage's `fit` against Keras by hand, on both backends.

A perceptron, the deep CNN and ResNet-20, on images of 28x28, without and with augmentation. The
same model, optimizer and epochs three times: `model.fit` on NumPy arrays with the augmentation as
first layers of the model, `model.fit` on a tf.data pipeline that shuffles, batches, augments and
prefetches, and what `train` runs: batches, best weights, losses of steps, layers, progress, MLflow.
They take turns in one process; the first epoch of each, which compiles, is not counted, and the
ratio is that of the medians, against the faster of the two by hand.

    python benchmarks/throughput.py [BACKEND ...]
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

EPOCHS, TURNS, BATCH = 2, 2, 64
MODELS = {
    "mlp": ({"architecture": "mlp", "units": [512, 512]}, 24_000),
    "cnn": ({"architecture": "cnn"}, 3_000),
    "resnet-20": ({"architecture": "resnet", "blocks": [3, 3, 3], "filters": 16}, 3_000),
}
AUGMENT = ("none", "augmented")


def measure(name: str, augmented: bool) -> None:
    """One model on one backend; prints images a second of all, and the ratio."""
    import keras
    import mlflow
    import numpy as np
    import tensorflow as tf

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

    architecture, count = MODELS[name]
    random = np.random.default_rng(0)
    images = random.normal(size=(count, 28, 28, 1)).astype(np.float32)
    labels = random.integers(0, 10, count)
    columns = {
        "image": Image((28, 28, 1), "float32", is_file=False),
        "label": ClassLabel(tuple("0123456789")),
    }
    every = Split(Schema(columns, ("label",)), {"image": images, "label": labels})
    few = Split(every.schema, {name: values[:64] for name, values in every.columns.items()})
    file = Pipeline.model_validate(
        {
            "version": 1,
            "description": "benchmark",
            "task": "classification",
            "ingest": {"source": "sklearn.datasets.load_digits"},
            "model": architecture,
            # What is tried before is a part of no epoch, and would only take time.
            "train": {
                "epochs": EPOCHS + 1, "batch_size": BATCH,
                "checks": {"first_step": False, "overfit": False, "range_test": False},
            },
            "register": {"name": "benchmark"},
        }
    )  # fmt: skip
    head = file.task.head(file, every)

    def variations() -> list[keras.Layer]:
        made = [keras.layers.RandomFlip("horizontal"), keras.layers.RandomTranslation(0.1, 0.1)]
        return made if augmented else []

    class Clock(Watcher):
        """Seconds of every epoch but the first, which compiles."""

        def epoch(self, number, values):
            self.start = time.perf_counter() if number == 0 else self.start
            return False

        def end(self):
            self.seconds = time.perf_counter() - self.start

    class KerasClock(keras.callbacks.Callback):
        """The same by hand."""

        def on_epoch_end(self, epoch, logs=None):
            self.start = time.perf_counter() if epoch == 0 else self.start

        def on_train_end(self, logs=None):
            self.seconds = time.perf_counter() - self.start

    def by_hand(layers, *data, **settings) -> float:
        keras.utils.set_random_seed(0)
        network = build(file.model, every.schema, head)
        model = keras.Sequential([keras.Input((28, 28, 1)), *layers, network])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        clock = KerasClock()
        model.fit(
            *data, epochs=EPOCHS + 1, verbose=0, callbacks=[clock],
            validation_data=(few["image"], few["label"]), **settings,
        )  # fmt: skip
        return clock.seconds

    def arrays() -> float:
        return by_hand(variations(), images, labels, batch_size=BATCH)

    def pipeline() -> float:
        data = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(count).batch(BATCH)
        for layer in variations():
            data = data.map(
                lambda x, y, layer=layer: (layer(x, training=True), y),
                num_parallel_calls=tf.data.AUTOTUNE,
            )
        return by_hand([], data.prefetch(tf.data.AUTOTUNE))

    def ours(live: tracking.Live) -> float:
        clock = Clock()
        shown = Shown("benchmark", file.train.monitored)
        data = Data(every, few, keras.Sequential([keras.Input((28, 28, 1)), *variations()]), Path())
        with contextlib.redirect_stdout(io.StringIO()):  # its line now and then
            file.train.fit(file, data, 0, Watch(shown, Curves(live.log), clock))
        return clock.seconds

    with tempfile.TemporaryDirectory() as folder:
        mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
        client = tracking.connect("benchmark")
        with tracking.start(client, "benchmark", {}, {}) as live:
            turns = [(arrays(), pipeline(), ours(live)) for _ in range(TURNS)]
    seconds = [statistics.median(column) for column in zip(*turns, strict=True)]
    first, second, third = (count * EPOCHS / one for one in seconds)
    print(
        f"{keras.backend.backend():10} {name:9} {AUGMENT[augmented]:9} arrays {first:7,.0f}   "
        f"tf.data {second:7,.0f}   train {third:7,.0f} images/s   "
        f"ratio {third / max(first, second):.3f}",
        flush=True,
    )


def main(backends: list[str]) -> None:
    """Every combination, each in a process of its own."""
    for backend in backends:
        environment = {**os.environ, "KERAS_BACKEND": backend}
        for name in MODELS:
            for augmented in ("", "1"):
                command = [sys.executable, __file__, "one", name, augmented]
                subprocess.run(
                    command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL, check=True
                )


if __name__ == "__main__":
    if sys.argv[1:2] == ["one"]:
        measure(sys.argv[2], bool(sys.argv[3]))
    else:
        main(sys.argv[1:] or ["tensorflow", "jax"])
