"""What tells whether two values look alike."""

import imagehash
import numpy as np
import PIL.Image


def perceptual_hash(shown: PIL.Image.Image) -> int:
    """64 bits that stay the same when an image is scaled or compressed (imagehash.phash)."""
    bits = imagehash.phash(shown).hash
    return int.from_bytes(np.packbits(bits).tobytes(), "big")
