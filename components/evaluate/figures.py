"""The pictures of the report."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from components.data.dataset import Facts, Split
from components.data.images import pixels
from components.evaluate.stage import mistakes, titles
from components.show import pictures
from components.tasks.measures import Measures


def figures(
    measures: Measures,
    probabilities: NDArray[np.float32],
    test: Split,
    facts: Facts,
    issues: NDArray[np.int64],
    shown: int,
) -> dict[str, Figure]:
    """Pictures by caption: confusion matrix, reliability diagram, and for images two grids.

    Args:
        measures: What was measured.
        probabilities: `(n, classes)` of the test split.
        test: The test split, raw.
        facts: Of its dataset.
        issues: Rows whose label may be wrong.
        shown: How many examples a grid has at most.
    """
    bins = measures.reliability
    drawn = {
        "Confusion matrix": pictures.confusion(np.array(measures.confusion), facts.classes),
        "Reliability": pictures.reliability(
            [one.confidence for one in bins],
            [one.accuracy for one in bins],
            [one.count for one in bins],
        ),
    }
    found = {
        "Mistakes, the most confident first": mistakes(test.labels, probabilities, shown),
        "Labels that may be wrong, the most certain first (cleanlab)": issues[:shown],
    }
    for caption, rows in found.items():
        if facts.is_image and len(rows):
            images = [pixels(test, int(row), facts) for row in rows]
            texts = titles(rows, test.labels, probabilities, facts.classes)
            drawn[caption] = pictures.grid(images, texts, columns=8)
    return drawn
