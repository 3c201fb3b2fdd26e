"""Images a second of the train stage's `fit` against Keras by hand, on both backends.

A perceptron, the deep CNN and ResNet-20, on images of 28x28, without and with augmentation. The
same model, optimizer and epochs four times: `model.fit` on NumPy arrays with the augmentation as
first layers of the model, `model.fit` on a tf.data pipeline that shuffles, batches, augments and
prefetches, what `train` runs (batches, best weights, losses of steps, layers, progress, MLflow, and
where it is, to go on from), and the same without keeping where it is. They take turns in one
process; the first epoch of each, which compiles, is not counted. The first ratio is that of
`train` against the faster of the two by hand, of medians; the second what keeping costs.

    python benchmarks/throughput.py [BACKEND [MODEL]]
"""

import contextlib
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from common import ROOT

EPOCHS, TURNS, BATCH = 2, 3, 64
BACKENDS = ("tensorflow", "jax")
MODELS = {
    "mlp": ({"architecture": "mlp", "units": [512, 512]}, 24_000),
    "cnn": ({"architecture": "cnn"}, 3_000),
    "resnet-20": ({"architecture": "resnet", "blocks": [3, 3, 3], "filters": 16}, 3_000),
}
AUGMENT = ("none", "augmented")


class Contest:
    """The same training by hand and by `train`; each gives the seconds of its later epochs."""

    def __init__(self, name: str, is_augmented: bool) -> None:
        import numpy as np

        self.architecture, self.count = MODELS[name]
        self.is_augmented = is_augmented
        random = np.random.default_rng(0)
        self.images = random.normal(size=(self.count, 28, 28, 1)).astype(np.float32)
        self.labels = random.integers(0, 10, self.count)

    @cached_property
    def splits(self) -> tuple[Any, Any]:
        """Train, and a few examples of it for validation."""
        from components.data.dataset import Split
        from components.data.features.class_label import ClassLabel
        from components.data.features.image import Image
        from components.data.schema import Schema

        features = {
            "image": Image((28, 28, 1), "float32", is_file=False),
            "label": ClassLabel(tuple("0123456789")),
        }
        schema = Schema(features, ("label",))
        columns = {"image": self.images, "label": self.labels}
        few = {name: values[:64] for name, values in columns.items()}
        return Split(schema, columns), Split(schema, few)

    @cached_property
    def file(self) -> Any:
        """The pipeline; what is tried before a training is a part of no epoch."""
        from components.config.pipeline import Pipeline

        checks = {"first_step": False, "overfit": False, "range_test": False}
        sections = {
            "version": 1,
            "description": "benchmark",
            "task": "classification",
            "ingest": {"source": "sklearn.datasets.load_digits"},
            "model": self.architecture,
            "train": {"epochs": EPOCHS + 1, "batch_size": BATCH, "checks": checks},
            "register": {"name": "benchmark"},
        }
        return Pipeline.model_validate(sections)

    def variations(self) -> list[Any]:
        """Layers of augmentation, new ones each time."""
        from keras import layers

        made = [layers.RandomFlip("horizontal"), layers.RandomTranslation(0.1, 0.1)]
        return made if self.is_augmented else []

    def arrays(self) -> float:
        """By `fit` on arrays."""
        return self._by_hand(self.variations(), self.images, self.labels, batch_size=BATCH)

    def pipeline(self) -> float:
        """By `fit` on tf.data."""
        import tensorflow as tf

        data = tf.data.Dataset.from_tensor_slices((self.images, self.labels))
        data = data.shuffle(self.count).batch(BATCH)
        for layer in self.variations():
            data = data.map(
                lambda x, y, layer=layer: (layer(x, training=True), y),
                num_parallel_calls=tf.data.AUTOTUNE,
            )
        return self._by_hand([], data.prefetch(tf.data.AUTOTUNE))

    def _by_hand(self, layers: list[Any], *data: Any, **settings: Any) -> float:
        import keras

        from components.fitting.supervised.build import build

        keras.utils.set_random_seed(0)
        every, few = self.splits
        network = build(self.file.model, every.schema, self.file.task.head(self.file, every))
        model = keras.Sequential([keras.Input((28, 28, 1)), *layers, network])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        times: list[float] = []
        clock = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda *_: times.append(time.perf_counter()),
            on_train_end=lambda *_: times.append(time.perf_counter()),
        )
        model.fit(
            *data, epochs=EPOCHS + 1, verbose=0, callbacks=[clock],
            validation_data=(few["image"], few["label"]), **settings,
        )  # fmt: skip
        return times[-1] - times[0]

    def train(self, live: Any, path: Path | None) -> float:
        """By what `train` runs; a path is where it keeps where it is."""
        import keras

        from components.fitting.data import Data
        from components.fitting.progress import Shown
        from components.fitting.state import State
        from components.fitting.watch import Curves, Watch, Watcher

        times: list[float] = []

        class Clock(Watcher):
            def epoch(self, number: int, values: Any) -> bool:
                times.append(time.perf_counter())
                return False

            def end(self) -> None:
                times.append(time.perf_counter())

        shown = Shown("benchmark", self.file.train.monitored)
        augmentation = keras.Sequential([keras.Input((28, 28, 1)), *self.variations()])
        watch = Watch(shown, Curves(live.log), Clock(), state=State(path))
        with contextlib.redirect_stdout(io.StringIO()):  # its line now and then
            self.file.train.fit(self.file, Data(*self.splits, augmentation, Path()), 0, watch)
        if path is not None:
            path.unlink(missing_ok=True)  # or the next would be over before it begins
        return times[-1] - times[0]


def measure(name: str, is_augmented: bool) -> None:
    """One model on one backend; prints images a second of all, and the ratios."""
    import keras
    import mlflow

    from components.run import tracking

    contest = Contest(name, is_augmented)
    with tempfile.TemporaryDirectory() as folder:
        mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
        client = tracking.connect("benchmark")
        with tracking.start(client, "benchmark", {}, {}) as live:
            kept = partial(contest.train, live, Path(folder, "state.npz"))
            ways = (contest.arrays, contest.pipeline, kept, partial(contest.train, live, None))
            turns = [[way() for way in ways] for _ in range(TURNS)]
    arrays, pipeline, train, unkept = (
        contest.count * EPOCHS / statistics.median(column) for column in zip(*turns, strict=True)
    )
    print(
        f"{keras.backend.backend():10} {name:9} {AUGMENT[is_augmented]:9} arrays {arrays:7,.0f}   "
        f"tf.data {pipeline:7,.0f}   train {train:7,.0f} images/s   "
        f"ratio {train / max(arrays, pipeline):.3f}   kept {train / unkept:.3f}",
        flush=True,
    )


def main(backends: list[str], models: list[str]) -> None:
    """Every combination, each in a process of its own."""
    for backend in backends:
        environment = {**os.environ, "KERAS_BACKEND": backend}
        for name in models:
            for is_augmented in ("", "1"):
                command = [sys.executable, __file__, "one", name, is_augmented]
                subprocess.run(
                    command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL, check=True
                )


if __name__ == "__main__":
    if sys.argv[1:2] == ["one"]:
        measure(sys.argv[2], bool(sys.argv[3]))
    else:
        main(sys.argv[1:2] or [*BACKENDS], sys.argv[2:3] or [*MODELS])
