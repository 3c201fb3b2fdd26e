"""Images a second of JAX with augmentation in the step against augmentation on the host.

On a CPU, without an accelerator: why `components/fitting/augmentation.py` has two places.

    python benchmarks/augmentation.py
"""

import os
import sys
import time

os.environ["KERAS_BACKEND"] = "jax"

import common  # noqa: F401  finds the project
import keras
import numpy as np

from components.config.models import ResNet
from components.fitting import augmentation, batches
from components.models.build import build

IMAGES, BATCH = 2048, 64


def rate(host: bool) -> float:
    """Images a second of one epoch, the one before having compiled."""
    keras.utils.set_random_seed(0)
    shift, turn = keras.layers.RandomTranslation(0.1, 0.1), keras.layers.RandomRotation(0.04)
    layers = keras.Sequential([keras.Input((28, 28, 1)), shift, turn])
    section = ResNet(architecture="resnet", blocks=(1, 1), filters=16)
    model = build(section, (28, 28, 1), 10, "softmax")
    varied = keras.Sequential([keras.Input((28, 28, 1)), *([] if host else [layers]), model])
    varied.compile("adam", "sparse_categorical_crossentropy")
    images = np.zeros((IMAGES, 28, 28, 1), np.float32)
    augment = augmentation.on_host(layers) if host else None
    data = batches.Batches(images, np.zeros(IMAGES, int), BATCH, np.asarray, 0, augment)
    varied.fit(data, verbose=0)
    start = time.perf_counter()
    varied.fit(data, verbose=0)
    return IMAGES / (time.perf_counter() - start)


if __name__ == "__main__":
    host, step = rate(host=True), rate(host=False)
    sys.stdout.write(
        f"JAX on the CPU: on the host {host:.0f} images/s   in the step {step:.0f} images/s   "
        f"ratio {host / step:.1f}\n"
    )
