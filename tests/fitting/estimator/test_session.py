"""Running an ONNX file."""

import numpy as np
import pytest

from components.fitting.estimator import session
from components.fitting.estimator.session import Session
from tests.fitting.estimator.made import diabetes, fitted, wine


@pytest.fixture(scope="module")
def classifier():
    return Session(fitted("classification", "GaussianNB", wine()).content)


def test_no_example_is_no_prediction(classifier):
    regressor = Session(fitted("regression", "Ridge", diabetes()).content)

    assert classifier.run(np.empty((0, 13))).shape == (0, 3)
    assert regressor.run(np.empty((0, 10))).shape == (0,)


def test_batches_change_nothing(classifier, monkeypatch):
    examples = np.asarray(wine().train["features"])
    whole = classifier.run(examples)

    monkeypatch.setattr(session, "BATCH", 7)

    assert classifier.run(examples) == pytest.approx(whole, abs=1e-6)
    assert classifier.run(examples.astype(np.float64)) == pytest.approx(whole, abs=1e-6)
