"""An estimator that is fitted, and what is said and kept of it."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import Ridge
from sklearn.metrics import log_loss
from sklearn.svm import LinearSVC

from components.base.errors import Mistakes
from components.base.files import read_json
from components.fitting.estimator.fit import HOME, fit, rows
from components.fitting.estimator.session import Session
from components.fitting.watch import Watch, Work
from tests.fitting.estimator.made import diabetes, fitted, pipeline, preprocessed, wine
from tests.fitting.made import pipeline as network
from tests.fitting.told import Told

FOREST = {"RandomForestClassifier": {"n_estimators": 10}}


def targets(split):
    return np.asarray(split.target[:])


def test_a_network_is_not_for_this_learner():
    with pytest.raises(Mistakes, match=r"this learner is for model: \{estimator: ...\}"):
        network(train={"learner": "estimator"})


def test_the_history_of_a_classifier_is_its_loss_and_its_accuracy():
    data = wine()

    history = fitted("classification", FOREST, data).history

    theirs = RandomForestClassifier(10, random_state=0).fit(rows(data.train), targets(data.train))
    for split, prefix in ((data.train, ""), (data.validation, "val_")):
        said, labels = theirs.predict_proba(rows(split)), targets(split)
        assert history[f"{prefix}loss"] == pytest.approx([log_loss(labels, said)], rel=1e-5)
        assert history[f"{prefix}accuracy"] == [np.mean(said.argmax(axis=1) == labels)]
    assert len(history) == 4


def test_the_history_of_a_regressor_is_its_squared_and_its_absolute_error():
    data = diabetes()

    history = fitted("regression", {"Ridge": {"alpha": 0.1}}, data).history

    theirs = Ridge(0.1).fit(rows(data.train), targets(data.train))
    for split, prefix in ((data.train, ""), (data.validation, "val_")):
        misses = theirs.predict(rows(split)) - targets(split)
        assert history[f"{prefix}loss"] == pytest.approx([np.mean(misses**2)], rel=1e-4)
        assert history[f"{prefix}mae"] == pytest.approx([np.mean(np.abs(misses))], rel=1e-4)
    assert len(history) == 4


def test_whoever_watches_is_told_of_one_epoch():
    told, data = Told(), wine()

    made = fit(pipeline("classification", FOREST), data, 0, Watch(told))

    values = {name: curve[0] for name, curve in made.history.items()}
    assert told.works == [Work(1, 1, len(data.train))]
    assert (told.epochs, told.ends) == ([(0, values)], 1)
    assert made.best == 0
    assert made.numbers == {"size_bytes": len(made.content)}


def test_the_seed_is_that_of_params_yaml():
    data = wine()

    one, other = (fitted("classification", FOREST, data, seed).content for seed in (0, 1))

    assert one == fitted("classification", FOREST, data, 0).content
    assert one != other


def test_a_classifier_without_probabilities_is_calibrated():
    data = wine()

    made = fitted("classification", "LinearSVC", data, calibration="sigmoid")

    svc = LinearSVC(random_state=0)
    theirs = CalibratedClassifierCV(svc, method="sigmoid", cv=5, ensemble=False)
    theirs.fit(rows(data.train).astype(np.float64), targets(data.train))
    found = Session(made.content).run(rows(data.validation))
    assert found == pytest.approx(theirs.predict_proba(rows(data.validation)), abs=2e-5)


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        pytest.param(
            "SGDClassifier",
            "it gives no class probabilities; model.calibration: sigmoid makes some",
            id="no probabilities with these arguments",
        ),
        pytest.param(
            {"RandomForestClassifier": {"n_estimators": 0}},
            "The 'n_estimators' parameter of RandomForestClassifier must be an int in the range "
            "[1, inf). Got 0 instead.",
            id="an argument that scikit-learn refuses",
        ),
        pytest.param(
            {"KNeighborsClassifier": {"metric": "canberra"}},
            None,
            id="what skl2onnx does not convert",
        ),
    ],
)
def test_what_scikit_learn_or_skl2onnx_refuse_is_a_mistake_with_its_place(estimator, message):
    with pytest.raises(Mistakes) as caught:
        fitted("classification", estimator, wine())

    (problem,) = caught.value.problems
    name = estimator if isinstance(estimator, str) else next(iter(estimator))
    assert problem.location == ("model", "estimator", name)
    assert message is None or problem.message == message
    assert problem.message


def test_a_lack_of_memory_is_no_mistake_in_the_file(monkeypatch):
    def full(*_):
        raise MemoryError("not 3 GB")

    monkeypatch.setattr("components.fitting.estimator.fit.convert", full)

    with pytest.raises(MemoryError):
        fitted("classification", "GaussianNB", wine())


def test_what_is_saved_is_the_file_that_was_measured_and_the_preprocessing(tmp_path):
    data = wine()
    preprocessed(tmp_path / "ready", 13)
    (tmp_path / "trained").mkdir()
    made = fitted("classification", FOREST, replace(data, ready=tmp_path / "ready"))

    made.save(tmp_path / "trained")

    files = {path.name: path.read_bytes() for path in (tmp_path / "trained").iterdir()}
    assert files.keys() == {"estimator.onnx", "preprocessing.keras", "predictor.json"}
    assert files["estimator.onnx"] == made.content
    assert files["preprocessing.keras"] == (tmp_path / "ready/preprocessing.keras").read_bytes()
    assert read_json(tmp_path / "trained" / "predictor.json") == {"home": HOME}
