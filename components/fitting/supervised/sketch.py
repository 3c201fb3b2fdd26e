"""The learning rate of a training in a line of text, before anything runs."""

import numpy as np

from components.fitting.supervised.schedule import Course

BARS = "▁▂▃▄▅▆▇█"
WIDTH = 40  # characters


def sketch(course: Course) -> str:
    """A bar for each part of a training, as high as the rate there."""
    # The first and the last step, and those between in equal distances.
    steps = np.linspace(0, course.steps - 1, WIDTH).round()
    rates = course.rate(steps, np)
    heights = np.ceil(rates / rates.max() * len(BARS)).astype(int)
    bars = "".join(BARS[max(0, height - 1)] for height in heights)
    return f"{bars} at most {rates.max():.2g}"
