"""Estimators of scikit-learn by their names: what is read of the sources is what is so."""

import subprocess
import sys

import pytest
from project import ROOT

from components.base.errors import Invalid
from components.config.lookup import find, parameters
from components.config.pipeline import load
from components.models.estimator.known import (
    HOMES,
    converted,
    kind_of,
    known,
    probabilities,
    problem,
)

LOOK_UP = """
import sys
from pathlib import Path
from components.config.pipeline import load
from components.models.estimator.known import known
load(Path("pipelines/digits-forest.yaml"))
known("classifier"), known("regressor")
heavy = {"sklearn", "skl2onnx", "onnx", "onnxruntime", "numpy", "keras", "tensorflow"}
print(sorted(heavy & set(sys.modules)))
"""


def named(name):
    return find(name, HOMES, "estimator")


def test_every_argument_of_a_forest_is_known():
    taken = parameters(named("RandomForestClassifier"))

    assert {"n_estimators", "max_depth", "class_weight", "monotonic_cst"} <= set(taken.names)
    assert taken.defaults["n_estimators"] == 100
    assert not taken.is_open


def test_arguments_are_those_of_scikit_learn():
    for kind in ("classifier", "regressor"):
        for definition in known(kind).values():
            ours = set(parameters(definition).names)
            assert ours == set(definition.load()._get_param_names()), definition.name


@pytest.mark.filterwarnings("ignore:Class PassiveAggressive:FutureWarning")
def test_kinds_are_those_of_scikit_learn():
    from sklearn.base import is_classifier, is_regressor

    assert all(is_classifier(one.load()()) for one in known("classifier").values())
    assert all(is_regressor(one.load()()) for one in known("regressor").values())


def test_what_is_converted_is_what_skl2onnx_says():
    from skl2onnx._supported_operators import sklearn_operator_name_map

    theirs = {one.__name__ for one in sklearn_operator_name_map if "sklearn" in one.__module__}

    assert theirs - converted() <= {"_ConstantPredictor"}
    assert converted() - theirs == {"Imputer"}  # of an old scikit-learn


def test_reading_a_pipeline_file_imports_neither_scikit_learn_nor_onnx():
    command = [sys.executable, "-c", LOOK_UP]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("RandomForestClassifier", None),
        ("SVC", None),
        ("Ridge", "Ridge is a regressor; the task needs a classifier"),
        ("IsolationForest", "IsolationForest is neither a classifier nor a regressor"),
        ("DummyClassifier", "DummyClassifier cannot be kept: skl2onnx has no converter for it"),
        (
            "VotingClassifier",
            "VotingClassifier needs estimators, which a pipeline file cannot give it",
        ),
        ("CategoricalNB", "CategoricalNB cannot be taken: it takes category numbers only"),
    ],
)
def test_what_cannot_be_taken_says_why(name, expected):
    assert problem(named(name), "classifier") == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("RandomForestClassifier", "always"),
        ("SVC", "by its arguments"),
        ("SGDClassifier", "by its arguments"),
        ("LinearSVC", "never"),
    ],
)
def test_class_probabilities_are_seen_in_the_sources(name, expected):
    assert probabilities(named(name)) == expected


def test_a_base_class_after_a_mixin_gives_its_arguments():
    assert "alphas" in parameters(named("RidgeCV")).names
    assert kind_of(named("RidgeCV")) == "regressor"


CLASSIFICATION = """\
version: 1
description: digits
task: classification
ingest: {source: sklearn.datasets.load_digits}
model: {estimator: {RandomForestClassifier: {n_estimators: 10}}}
register: {name: digits}
"""
REGRESSION = CLASSIFICATION.replace("classification", "regression").replace("digits", "diabetes")
FOREST = "{RandomForestClassifier: {n_estimators: 10}}"


@pytest.fixture
def refused(tmp_path, monkeypatch):
    """What is said of a file with a change, without its name."""
    monkeypatch.chdir(tmp_path)

    def read(text, old, new):
        assert old in text
        (tmp_path / "digits.yaml").write_text(text.replace(old, new))
        with pytest.raises(Invalid) as caught:
            load(tmp_path / "digits.yaml")
        return str(caught.value).replace(f"{tmp_path}/digits.yaml:", "")

    return read


@pytest.mark.parametrize(
    ("new", "message"),
    [
        pytest.param(
            "RandomForestClasifier",
            "5: model.estimator: no estimator 'RandomForestClasifier' in "
            + " or ".join(HOMES)
            + "; did you mean 'RandomForestClassifier'?",
            id="a name that there is not",
        ),
        pytest.param(
            "{RandomForestClassifier: {n_estimator: 3}}",
            "5: model.estimator.RandomForestClassifier.n_estimator: RandomForestClassifier has "
            "no argument 'n_estimator'; did you mean 'n_estimators'?",
            id="an argument that there is not",
        ),
        pytest.param(
            "{RandomForestClassifier: {random_state: 3}}",
            "5: model.estimator.RandomForestClassifier.random_state: random_state is set elsewhere "
            "in the file, not here",
            id="the seed",
        ),
        pytest.param(
            "{RandomForestClassifier: {n_jobs: 3}}",
            "5: model.estimator.RandomForestClassifier.n_jobs: n_jobs is set elsewhere in the "
            "file, not here",
            id="the cores",
        ),
        pytest.param(
            "Ridge",
            "5: model.estimator.Ridge: Ridge is a regressor; the task needs a classifier",
            id="of another task",
        ),
        pytest.param(
            "{Ridge: {alpha: 2}}",
            "5: model.estimator.Ridge: Ridge is a regressor; the task needs a classifier",
            id="of another task, with arguments",
        ),
        pytest.param(
            "IsolationForest",
            "5: model.estimator.IsolationForest: IsolationForest is neither a classifier nor a "
            "regressor",
            id="no classifier",
        ),
        pytest.param(
            "DummyClassifier",
            "5: model.estimator.DummyClassifier: DummyClassifier cannot be kept: skl2onnx has no "
            "converter for it",
            id="not converted",
        ),
        pytest.param(
            "VotingClassifier",
            "5: model.estimator: VotingClassifier needs estimators",
            id="of others",
        ),
        pytest.param(
            "LinearSVC",
            "5: model.estimator.LinearSVC: LinearSVC gives no probabilities; model.calibration: "
            "sigmoid makes some",
            id="without probabilities",
        ),
        pytest.param(
            FOREST + ", calibration: platt",
            "5: model.calibration: must be 'sigmoid' or 'isotonic', is 'platt'",
            id="a calibration",
        ),
    ],
)
def test_what_an_estimator_cannot_be_is_named(refused, new, message):
    assert refused(CLASSIFICATION, FOREST, new) == message


@pytest.mark.parametrize(
    ("text", "old", "new", "message"),
    [
        pytest.param(
            REGRESSION,
            FOREST,
            FOREST,
            "5: model.estimator.RandomForestClassifier: RandomForestClassifier is a classifier; "
            "the task needs a regressor",
            id="a classifier of a number",
        ),
        pytest.param(
            CLASSIFICATION,
            "register:",
            "train: {epochs: 3}\nregister:",
            "6: train: an estimator takes only seeds under train; remove the rest",
            id="epochs",
        ),
        pytest.param(
            CLASSIFICATION,
            "register:",
            "train: {learner: supervised, epochs: 3, batch_size: 8}\nregister:",
            "6: train.learner: this learner is for networks; estimator goes with learner: "
            "estimator",
            id="a learner of networks",
        ),
        pytest.param(
            CLASSIFICATION,
            f"estimator: {FOREST}",
            "architecture: mlp, units: [8]",
            "1: train: missing",
            id="a network without a train section",
        ),
        pytest.param(
            CLASSIFICATION,
            f"model: {{estimator: {FOREST}}}",
            "model: {architecture: mlp, units: [8]}\ntrain: {learner: estimator}",
            "6: train.learner: this learner is for model: {estimator: ...}",
            id="a network",
        ),
        pytest.param(
            CLASSIFICATION,
            "register:",
            "compress: {methods: [float16]}\nregister:",
            "6: compress.methods.0: float16 is for keras models; this one is of onnx",
            id="compressed",
        ),
    ],
)
def test_what_does_not_go_with_an_estimator_is_named(refused, text, old, new, message):
    assert refused(text, old, new) == message


@pytest.mark.parametrize("estimator", ["{LinearSVC: {C: 2}}, calibration: sigmoid", "SVC", FOREST])
def test_an_estimator_needs_nothing_but_its_name(tmp_path, estimator):
    (tmp_path / "digits.yaml").write_text(CLASSIFICATION.replace(FOREST, estimator))

    file = load(tmp_path / "digits.yaml")

    assert file.train.learner == "estimator"
    assert file.model.title in estimator
