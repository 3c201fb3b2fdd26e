"""A training of keras.io as it stands there, beside the same one by `train`.

    python benchmarks/keras_example.py EXAMPLE FOLDER [EPOCHS]

EXAMPLE is "Simple MNIST convnet" of keras.io, `examples/vision/mnist_convnet.py` of
github.com/keras-team/keras-io, and FOLDER has the four files of MNIST; nothing is downloaded. Its
file runs unchanged, but that its images come from FOLDER, and perhaps for fewer epochs. `train`
has the same network, loss, optimizer, batches and split, with all that it does besides. Prints the
seconds of both, from the first step to the end with all that is compiled, and their ratio.
"""

import runpy
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from common import ROOT, digits, mnist, pipeline

EPOCHS, BATCH = 15, 128  # of the example


def network(inputs: Any) -> Any:
    """The example's, up to its head."""
    from keras import layers

    features = inputs
    for filters in (32, 64):
        features = layers.Conv2D(filters, 3, activation="relu")(features)
        features = layers.MaxPooling2D(2)(features)
    return layers.Dropout(0.5)(layers.Flatten()(features))


def by_example(path: Path, data: Any, epochs: int) -> tuple[float, float]:
    """Seconds of its `fit`, and the test accuracy."""
    import keras

    seconds: list[float] = []
    fit = keras.Model.fit

    def timed(*given: Any, **settings: Any) -> Any:
        begun = time.perf_counter()
        found = fit(*given, **{**settings, "epochs": epochs})
        seconds.append(time.perf_counter() - begun)
        return found

    keras.datasets.mnist.load_data = lambda: data
    keras.Model.fit = timed
    try:
        found = runpy.run_path(str(path), run_name="__main__")
    finally:
        keras.Model.fit = fit
    return seconds[0], found["score"][1]


def by_train(data: Any, epochs: int) -> tuple[float, float]:
    """The same by `train`."""
    import keras

    from components.fitting.data import Data
    from components.fitting.watch import Watch

    def split(images: Any, labels: Any) -> Any:
        return digits(images[..., None].astype(np.float32) / 255, labels)

    (images, labels), test = data
    count = len(images) * 9 // 10
    file = pipeline(
        model={"architecture": "benchmarks.keras_example:network"},
        train={"epochs": epochs, "batch_size": BATCH, "learning_rate": 1e-3},
    )
    still = keras.Sequential([keras.Input((28, 28, 1))])
    first, last = slice(count), slice(count, None)
    parts = (split(images[one], labels[one]) for one in (first, last))
    every = Data(*parts, still, Path())
    begun = time.perf_counter()
    fitted = file.train.fit(file, every, 0, Watch())
    seconds = time.perf_counter() - begun
    tested = split(*test)
    answers = fitted.model.predict(tested["image"], batch_size=1024, verbose=0)
    return seconds, float((answers.argmax(axis=1) == tested["label"]).mean())


def main(example: Path, folder: Path, epochs: int) -> None:
    """Both, one after the other."""
    data = mnist(folder, "train"), mnist(folder, "t10k")  # as `load_data` gives it
    theirs, their_accuracy = by_example(example, data, epochs)
    ours, our_accuracy = by_train(data, epochs)
    print(
        f"{epochs} epochs: keras.io {theirs:.1f} s, test accuracy {their_accuracy:.4f}   "
        f"train {ours:.1f} s, {our_accuracy:.4f}   ratio {ours / theirs:.3f}"
    )


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if sys.argv[3:] else EPOCHS)
