"""How often an image can be halved."""

from typing import Any


def check_halvings(inputs: Any, halvings: int, what: str) -> None:
    """Refuses what would halve images beyond a pixel, where further layers see nothing new.

    Args:
        inputs: `(n, height, width, channels)`.
        halvings: How often height and width are halved.
        what: Has them, for the message: "8 stages".

    Raises:
        ValueError: A side would be less than a pixel.
    """
    height, width = inputs.shape[1:3]
    if min(height, width) < 2**halvings:
        raise ValueError(f"{what} halve images of {height}x{width} to less than a pixel")
