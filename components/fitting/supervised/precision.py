"""Which precisions the devices of this machine compute in."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras

from components.base.errors import Mistakes, Problem

HALF = ("float16", "mixed_float16")


@contextmanager
def computing_in(precision: str) -> Iterator[None]:
    """Layers that the body makes have this policy."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def check_precision(precision: str) -> None:
    """Raises `Mistakes` where half precision would only be slow: without an accelerator."""
    if precision in HALF and not has_accelerator():
        other = precision.replace("float16", "bfloat16")
        message = (
            f"{precision} is for GPUs, and this machine has none that Keras sees; take float32, or "
            f"{other}, which a CPU computes in, too"
        )
        raise Mistakes([Problem(("train", "precision"), message)])


def has_accelerator() -> bool:
    """Whether Keras sees more than a CPU."""
    return not all(one.startswith("cpu") for one in devices())


def devices() -> list[str]:
    """Those that Keras sees, such as `cpu:0`."""
    return [str(one) for one in keras.distribution.list_devices()]
