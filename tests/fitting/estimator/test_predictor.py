"""An estimator's file answers for raw examples."""

from dataclasses import replace

import numpy as np
import pytest

from components.config.train import Learner
from components.fitting.estimate import Estimate
from components.fitting.estimator.session import Session
from components.fitting.predictor import load
from tests.fitting.estimator.made import diabetes, fitted, pipeline, preprocessed, wine


@pytest.fixture(params=["classification", "regression"])
def trained(request, tmp_path):
    """What was fitted, its data, its preprocessing, and the folder that it is in."""
    task = request.param
    data = wine() if task == "classification" else diabetes()
    features = data.train.schema.input.shape[0]
    preprocessing = preprocessed(tmp_path / "ready", features)
    (tmp_path / "trained").mkdir()
    estimator = {"classification": "GaussianNB", "regression": "Ridge"}[task]
    made = fitted(task, estimator, replace(data, ready=tmp_path / "ready"))
    made.save(tmp_path / "trained")
    return made, data, preprocessing, tmp_path / "trained"


def test_it_answers_as_preprocessing_and_the_file_do(trained):
    made, data, preprocessing, folder = trained

    found = load(folder).predict(data.validation)

    ready = np.asarray(preprocessing(data.validation["features"]))
    assert np.array_equal(found, Session(made.content).run(ready))
    assert type(load(folder)).__module__ == "components.fitting.estimator.predictor"


def test_a_stream_is_the_same_some_examples_at_a_time(trained, monkeypatch):
    _, data, _, folder = trained
    whole = load(folder).predict(data.validation)
    monkeypatch.setattr("components.data.examples.CHUNK_BYTES", 4 * 13 * 7)

    parts = list(load(folder).stream(data.validation))

    assert len(parts) > 1
    assert np.concatenate(parts) == pytest.approx(whole, abs=1e-5)


def test_nothing_is_known_of_its_time_before_the_fit():
    file = pipeline("classification", "GaussianNB")

    assert isinstance(file.train, Learner)
    assert file.train.trial(file, None, {}, None) == Estimate(None, None, None)
    file.train.room(file, wine().train)
