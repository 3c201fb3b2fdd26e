"""How often an image can be halved."""

import numpy as np
import pytest

from components.layers.halving import check_halvings


def test_an_image_is_halved_down_to_a_pixel_and_no_further():
    check_halvings(np.zeros((1, 9, 8, 1)), 3, "3 stages")

    message = "^3 stages halve images of 9x7 to less than a pixel$"
    with pytest.raises(ValueError, match=message):
        check_halvings(np.zeros((1, 9, 7, 1)), 3, "3 stages")
