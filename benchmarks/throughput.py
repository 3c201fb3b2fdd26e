"""Images a second of the train stage's `fit` against Keras by hand, on both backends.

A perceptron, the deep CNN and ResNet-20, on images of 28x28, without and with augmentation. The
same model, optimizer and epochs three times: `model.fit` on NumPy arrays with the augmentation as
first layers of the model, `model.fit` on a tf.data pipeline that shuffles, batches, augments and
prefetches, and what `train` runs (batches, best weights, losses of steps, layers, progress, MLflow,
and where it is, to go on from). Each is in a thread of its own, and they take turns epoch by epoch,
one at a time, so that all meet the same minute of a machine. The first epochs, which compile, do
not count. The ratio is that of `train` against the faster of the two by hand, the median of those
of each round.

    python benchmarks/throughput.py [BACKEND [MODEL]]
"""

import contextlib
import io
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from common import ROOT, digits, pipeline

EPOCHS, BATCH = 8, 64
BACKENDS = ("tensorflow", "jax")
MODELS = {
    "mlp": ({"architecture": "mlp", "units": [512, 512]}, 24_000),
    "cnn": ({"architecture": "cnn"}, 3_000),
    "resnet-20": ({"architecture": "resnet", "blocks": [3, 3, 3], "filters": 16}, 3_000),
}
AUGMENT = ("none", "augmented")


class Turns:
    """Lets one of several threads go on at a time, in their order, for an epoch each."""

    def __init__(self, count: int) -> None:
        self.may_go = [threading.Event() for _ in range(count)]
        self.may_go[0].set()

    def wait(self, place: int) -> float:
        """Until it is this one's turn; returns when that was."""
        self.may_go[place].wait()
        self.may_go[place].clear()
        return time.perf_counter()

    def end(self, place: int) -> None:
        """The next one's turn."""
        self.may_go[(place + 1) % len(self.may_go)].set()


class Clock:
    """The seconds of the epochs of one of them."""

    def __init__(self, turns: Turns, place: int) -> None:
        self.turns, self.place = turns, place
        self.seconds: list[float] = []

    def __enter__(self) -> "Clock":
        self.begun = self.turns.wait(self.place)
        return self

    def tick(self) -> None:
        """An epoch is over, and others have theirs."""
        self.seconds.append(time.perf_counter() - self.begun)
        self.turns.end(self.place)
        self.begun = self.turns.wait(self.place)

    def __exit__(self, *_: object) -> None:
        self.turns.end(self.place)


class Contest:
    """The same training by hand and by `train`."""

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
        return digits(self.images, self.labels), digits(self.images[:64], self.labels[:64])

    @cached_property
    def file(self) -> Any:
        """The pipeline; what is tried before a training is a part of no epoch."""
        checks = {"first_step": False, "overfit": False, "range_test": False}
        train = {"epochs": EPOCHS + 1, "batch_size": BATCH, "checks": checks}
        return pipeline(model=self.architecture, train=train)

    def variations(self) -> list[Any]:
        """Layers of augmentation, new ones each time."""
        from keras import layers

        made = [layers.RandomFlip("horizontal"), layers.RandomTranslation(0.1, 0.1)]
        return made if self.is_augmented else []

    def arrays(self, clock: Clock) -> None:
        """By `fit` on arrays."""
        self._by_hand(clock, self.variations(), self.images, self.labels, batch_size=BATCH)

    def pipeline(self, clock: Clock) -> None:
        """By `fit` on tf.data."""
        import tensorflow as tf

        data = tf.data.Dataset.from_tensor_slices((self.images, self.labels))
        data = data.shuffle(self.count).batch(BATCH)
        for layer in self.variations():
            data = data.map(
                lambda x, y, layer=layer: (layer(x, training=True), y),
                num_parallel_calls=tf.data.AUTOTUNE,
            )
        self._by_hand(clock, [], data.prefetch(tf.data.AUTOTUNE))

    def _by_hand(self, clock: Clock, layers: list[Any], *data: Any, **settings: Any) -> None:
        import keras

        from components.fitting.supervised.build import build

        keras.utils.set_random_seed(0)
        every, few = self.splits
        network = build(self.file.model, every.schema, self.file.task.head(self.file, every))
        model = keras.Sequential([keras.Input((28, 28, 1)), *layers, network])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        ticking = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: clock.tick())
        model.fit(
            *data, epochs=EPOCHS + 1, verbose=0, callbacks=[ticking],
            validation_data=(few["image"], few["label"]), **settings,
        )  # fmt: skip

    def train(self, live: Any, state: Any, clock: Clock) -> None:
        """By what `train` runs; the state is where it keeps where it is."""
        import keras

        from components.fitting.data import Data
        from components.fitting.progress import Shown
        from components.fitting.watch import Curves, Watch, Watcher

        class Ticking(Watcher):
            def epoch(self, number: int, values: Any) -> bool:
                clock.tick()
                return False

        shown = Shown("benchmark", self.file.train.monitored)
        augmentation = keras.Sequential([keras.Input((28, 28, 1)), *self.variations()])
        watch = Watch(shown, Curves(live.log), Ticking(), state=state)
        with contextlib.redirect_stdout(io.StringIO()):  # its line now and then
            self.file.train.fit(self.file, Data(*self.splits, augmentation, Path()), 0, watch)


def measure(name: str, is_augmented: bool) -> None:
    """One model on one backend; prints images a second of all, and the ratios."""
    import keras
    import mlflow

    from components.fitting.state import State
    from components.run import tracking

    contest, turns = Contest(name, is_augmented), Turns(3)

    def timed(way: Any, place: int) -> list[float]:
        with Clock(turns, place) as clock:
            way(clock)
        return clock.seconds[1:]

    with tempfile.TemporaryDirectory() as folder:
        mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
        client = tracking.connect("benchmark")
        state = State(Path(folder, "state.npz"))
        with tracking.start(client, "benchmark", {}, {}) as live, ThreadPoolExecutor(3) as threads:
            ways = (contest.arrays, contest.pipeline, partial(contest.train, live, state))
            arrays, by_pipeline, by_train = threads.map(timed, ways, range(3))
    best = min(arrays, by_pipeline, key=statistics.median)
    ratio = statistics.median(one / other for one, other in zip(best, by_train, strict=True))
    rates = [contest.count / statistics.median(one) for one in (arrays, by_pipeline, by_train)]
    print(
        f"{keras.backend.backend():10} {name:9} {AUGMENT[is_augmented]:9} "
        "arrays {:7,.0f}   tf.data {:7,.0f}   train {:7,.0f} images/s   ".format(*rates)
        + f"ratio {ratio:.3f}",
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
