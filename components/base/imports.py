"""Importing in less time, since every stage does it again."""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

UNUSED = ("jax", "matplotlib", "sklearn")
"""What Keras and TensorFlow import where it is installed, for parts of them that no stage of ours
uses: conversion from JAX to LiteRT, `keras.visualization` and `keras.wrappers`."""


@contextmanager
def importing() -> Iterator[None]:
    """The garbage collector rests, and leaves alone from then on what is there in the end.

    There is nothing to collect: it looks again and again at every class and function, for a quarter
    of the time in which TensorFlow is imported, and later at each of its full collections.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def import_keras() -> None:
    """Imports Keras without `UNUSED`, in half the time; these can be imported afterwards."""
    absent = {*UNUSED} - {*sys.modules, os.environ["KERAS_BACKEND"]}
    for name in absent:
        sys.modules[name] = None  # type: ignore[assignment]  # Python's word for: not to be found
    try:
        import keras  # noqa: F401
    finally:
        for name in absent:
            del sys.modules[name]
