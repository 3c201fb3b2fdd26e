"""The pictures of the report."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from components import pictures
from components.dataset import Facts, Split
from components.evaluate.stage import image, mistakes, titles
from components.tasks.measures import Measures


def figures(
    measures: Measures,
    probabilities: NDArray[np.float32],
    test: Split,
    facts: Facts,
    shown: int,
) -> dict[str, Figure]:
    """Pictures by caption: confusion matrix, reliability diagram, and for images the mistakes."""
    bins = measures.reliability
    drawn = {
        "Confusion matrix": pictures.confusion(np.array(measures.confusion), facts.classes),
        "Reliability": pictures.reliability(
            [one.confidence for one in bins],
            [one.accuracy for one in bins],
            [one.count for one in bins],
        ),
    }
    rows = mistakes(test.labels, probabilities, shown)
    if facts.is_image and len(rows):
        images = [image(test, int(row), facts) for row in rows]
        captions = titles(rows, test.labels, probabilities, facts.classes)
        drawn["Mistakes, the most confident first"] = pictures.grid(images, captions, columns=8)
    return drawn
