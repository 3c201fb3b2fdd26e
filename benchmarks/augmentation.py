"""Images a second of JAX with augmentation in the step against augmentation on the host.

On a CPU, without an accelerator: why `components.fitting.supervised.augmentation` has two places.

    python benchmarks/augmentation.py
"""

import os
import sys
import time

os.environ["KERAS_BACKEND"] = "jax"

import keras
import numpy as np
from common import digits

from components.fitting.supervised import augmentation, batches
from components.models.resnet import ResNet
from components.tasks.head import values

IMAGES, BATCH = 2048, 64


def rate(host: bool) -> float:
    """Images a second of one epoch, the one before having compiled."""
    keras.utils.set_random_seed(0)
    shift, turn = keras.layers.RandomTranslation(0.1, 0.1), keras.layers.RandomRotation(0.04)
    layers = keras.Sequential([keras.Input((28, 28, 1)), shift, turn])
    section = ResNet(architecture="resnet", blocks=(1, 1), filters=16)
    inputs = keras.Input((28, 28, 1))
    features = section.build(inputs if host else layers(inputs))
    varied = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(features))
    varied.compile("adam", "sparse_categorical_crossentropy")
    split = digits(np.zeros((IMAGES, 28, 28, 1)), np.zeros(IMAGES))
    augment = augmentation.on_host(layers, ()) if host else None
    data = batches.Batches(split, BATCH, values, 0, augment)
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
