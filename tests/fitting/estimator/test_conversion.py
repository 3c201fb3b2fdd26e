"""An estimator and its ONNX file say the same."""

import numpy as np
import onnx
import pytest
from threadpoolctl import threadpool_limits

from components.config.lookup import find
from components.fitting.estimator.conversion import convert
from components.fitting.estimator.fit import rows
from components.fitting.estimator.session import Session
from components.models.estimator.known import HOMES
from tests.fitting.estimator.made import diabetes, wine

CLASSIFIERS = {
    "RandomForestClassifier": {"n_estimators": 10},
    "HistGradientBoostingClassifier": {"max_iter": 10},
    "KNeighborsClassifier": {},
    "LogisticRegression": {},
    "SVC": {"probability": True},
    "GaussianNB": {},
    "MLPClassifier": {"max_iter": 30},
}
REGRESSORS = {
    "RandomForestRegressor": {"n_estimators": 10},
    "HistGradientBoostingRegressor": {"max_iter": 10},
    "KNeighborsRegressor": {},
    "Ridge": {},
    "SVR": {},
    "PLSRegression": {},
    "GaussianProcessRegressor": {},
}


def estimator(name, arguments, examples, targets):
    made = find(name, HOMES, "estimator").load()(**arguments)
    with threadpool_limits(1):
        return made.fit(examples.astype(np.float64), targets)


def run(made, features, classes, examples):
    content = convert(made, features, classes).SerializeToString(deterministic=True)
    return Session(content).run(examples)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_classifier_says_the_same_as_an_onnx_file(name):
    data = wine()
    examples, labels = rows(data.train), data.train.target
    made = estimator(name, CLASSIFIERS[name], examples, labels)

    found = run(made, 13, 3, rows(data.validation))

    assert found.dtype == np.float32
    expected = made.predict_proba(rows(data.validation).astype(np.float64))
    assert found == pytest.approx(expected, abs=2e-5)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", REGRESSORS)
def test_a_regressor_says_the_same_as_an_onnx_file(name):
    data = diabetes()
    made = estimator(name, REGRESSORS[name], rows(data.train), data.train.target)

    found = run(made, 10, None, rows(data.validation))

    expected = made.predict(rows(data.validation).astype(np.float64)).ravel()
    assert found.shape == (40,)
    assert found.dtype == np.float32
    assert found == pytest.approx(expected, abs=1e-4 * float(np.std(data.train.target)))


def test_a_class_without_a_training_example_has_probability_0():
    data = wine(("a", "b", "c", "d", "e"), (0, 2, 3))
    made = estimator("GaussianNB", {}, rows(data.train), data.train.target)

    found = run(made, 13, 5, rows(data.validation))

    assert found.shape == (40, 5)
    assert not found[:, [1, 4]].any()
    assert found[:, [0, 2, 3]] == pytest.approx(made.predict_proba(rows(data.validation)), abs=2e-5)


@pytest.mark.parametrize("name", ["HistGradientBoostingClassifier", "RandomForestClassifier"])
def test_a_threshold_between_neighbouring_floats_parts_them_in_onnx_too(name):
    random = np.random.default_rng(0)
    steps = np.float32(1) + np.arange(64, dtype=np.float32) * np.float32(2**-23)
    examples = steps[random.integers(0, 64, (500, 3))]
    labels = (examples[:, 0] > steps[20]).astype(int) + (examples[:, 1] > steps[40])
    made = estimator(name, CLASSIFIERS[name], examples, labels)

    found = run(made, 3, 3, examples)

    assert found == pytest.approx(made.predict_proba(examples.astype(np.float64)), abs=1e-5)


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.filterwarnings("ignore")
def test_what_was_converted_before_changes_no_bytes(name):
    data = wine()
    made = estimator(name, CLASSIFIERS[name], rows(data.train), data.train.target)

    first, _, second = (
        convert(one, 13, 3).SerializeToString(deterministic=True)
        for one in (made, estimator("SVC", {"probability": True}, *examples_and_labels()), made)
    )

    assert first == second


def examples_and_labels():
    data = wine()
    return rows(data.train), data.train.target


def test_the_file_says_what_goes_in_and_out_and_not_who_made_it():
    data = wine()
    made = estimator("GaussianNB", {}, rows(data.train), data.train.target)

    model = convert(made, 13, 3)

    def described(values):
        return [
            (one.name, [d.dim_param or d.dim_value for d in one.type.tensor_type.shape.dim])
            for one in values
        ]

    onnx.checker.check_model(model)
    assert described(model.graph.input) == [("examples", ["n", 13])]
    assert described(model.graph.output) == [("probabilities", ["n", 3])]
    assert model.graph.name == "GaussianNB"
    assert {one.domain: one.version for one in model.opset_import}[""] == 21
    assert (model.producer_name, model.producer_version, model.doc_string) == ("", "", "")
