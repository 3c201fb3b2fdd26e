"""Which precisions the devices of this machine compute in."""

import keras

from components.base.errors import Mistakes, Problem

HALF = ("float16", "mixed_float16")


def check_precision(precision: str) -> None:
    """Raises `Mistakes` where half precision would only be slow: without an accelerator."""
    if precision in HALF and all(one.startswith("cpu") for one in devices()):
        other = precision.replace("float16", "bfloat16")
        message = (
            f"{precision} is for GPUs, and this machine has none that Keras sees; take float32, or "
            f"{other}, which a CPU computes in, too"
        )
        raise Mistakes([Problem(("train", "precision"), message)])


def devices() -> list[str]:
    """Those that Keras sees, such as `cpu:0`."""
    return [str(one) for one in keras.distribution.list_devices()]
