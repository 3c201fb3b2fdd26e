"""The report is one file."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from components.data.dataset import Split
from components.data.features.class_label import ClassLabel
from components.data.features.image import Image
from components.data.schema import Schema
from components.evaluate.report import render
from components.tasks.classification import Classification

SCHEMA = Schema(
    {
        "image": Image((4, 4, 1), "uint8", is_file=False),
        "label": ClassLabel(("cat", "<dog>")),
    },
    ("label",),
)
LABELS = np.array([0, 0, 0, 1, 1, 1])
PROBABILITIES = np.array(
    [[0.9, 0.1], [0.3, 0.7], [0.6, 0.4], [0.95, 0.05], [0.2, 0.8], [0.1, 0.9]], np.float32
)


@pytest.fixture
def page():
    """Of a few images and what a model says of them."""
    task = Classification(calibration_bins=5)
    pixels = np.arange(96, dtype=np.uint8).reshape(6, 4, 4, 1)
    split = Split(SCHEMA, {"image": pixels, "label": LABELS})
    measures = task.measure(PROBABILITIES, split)
    measures.details["label_issues"] = [3]
    figures = {"Learning curves": Figure(), **task.figures(measures, PROBABILITIES, split, 4)}
    name = "<script>alert(1)</script>"
    return render(name, measures, task.metrics, task.summary(measures), figures)


def test_the_report_is_one_file_and_escapes_what_it_shows(page):
    captions = [
        "Learning curves",
        "Confusion matrix",
        "Reliability",
        "Mistakes, the most confident first",
        "Labels that may be wrong, the most certain first (cleanlab)",
    ]
    places = [page.index(caption) for caption in captions]

    assert places == sorted(places)
    assert page.count("data:image/png;base64,") == 5
    assert "<script>" not in page
    assert "&lt;dog&gt;" in page
    assert "http://" not in page
    assert "https://" not in page


def test_the_report_has_every_metric_with_its_interval_and_every_number(page):
    assert "<b>0.6667</b>test accuracy" in page
    assert "<small>95 % interval 0.3000 to 0.9032</small>" in page
    assert "<b>0.6667</b>test macro F1" in page
    assert "</b>log loss" in page
    assert "</b>expected calibration error" in page
    assert "<b>6</b>test examples" in page
