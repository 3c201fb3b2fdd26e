"""An estimator as MLflow keeps it: the same bytes each time, and the same answers."""

import os
import subprocess
import sys
from dataclasses import replace

import mlflow.pyfunc
import numpy as np
import pytest
from project import ROOT

from components.fitting.predictor import load, open_registered, package
from tests.fitting.estimator.made import diabetes, fitted, preprocessed, wine


@pytest.fixture(params=["classification", "regression"])
def trained(request, tmp_path):
    """Some raw examples, and the folder of what was fitted."""
    task = request.param
    data = wine() if task == "classification" else diabetes()
    preprocessed(tmp_path / "ready", data.train.schema.input.shape[0])
    (tmp_path / "trained").mkdir()
    estimator = {"classification": "GaussianNB", "regression": "Ridge"}[task]
    fitted(task, estimator, replace(data, ready=tmp_path / "ready")).save(tmp_path / "trained")
    return data.validation, tmp_path / "trained"


def files(folder):
    return {one.relative_to(folder): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def test_what_is_registered_answers_as_the_trained_model_does(trained, tmp_path):
    split, folder = trained

    package(folder, split.take(np.arange(3)), tmp_path / "model")

    expected = load(folder).predict(split)
    ours = open_registered(tmp_path / "model").predict(split)
    theirs = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    assert ours == pytest.approx(expected, rel=1e-5)
    assert np.array_equal(theirs.predict(split["features"]), ours)
    assert np.array_equal(theirs.input_example, split["features"][:3])


def test_the_signature_says_what_goes_in_and_out(trained, tmp_path):
    split, folder = trained

    package(folder, split.take(np.arange(3)), tmp_path / "model")

    signature = mlflow.models.get_model_info(str(tmp_path / "model")).signature
    features, is_class = split["features"].shape[1], bool(split.schema.target.names)
    assert str(signature.inputs) == f"[Tensor('float32', (-1, {features}))]"
    assert str(signature.outputs) == f"[Tensor('float32', ({'-1, 3' if is_class else '-1,'}))]"


ESTIMATORS = [
    ("classification", {"RandomForestClassifier": {"n_estimators": 10}}),
    ("classification", {"HistGradientBoostingClassifier": {"max_iter": 5}}),
    ("classification", {"KNeighborsClassifier": {}}),
    ("regression", {"GradientBoostingRegressor": {"n_estimators": 5}}),
]
SCRIPT = """
import sys
from dataclasses import replace
from pathlib import Path
import numpy as np
from components.fitting.predictor import package
from tests.fitting.estimator.made import diabetes, fitted, preprocessed, wine
from tests.fitting.estimator.test_registered import ESTIMATORS
data = {"classification": wine(), "regression": diabetes()}
folder, step = Path(sys.argv[1]), int(sys.argv[2])
preprocessed(folder / "ready", 13)
for task, estimator in ESTIMATORS[::step]:  # other names of skl2onnx's, by its counter
    made = fitted(task, estimator, replace(data[task], ready=folder / "ready"))
    (folder / next(iter(estimator))).mkdir()
    made.save(folder / next(iter(estimator)))
few = data["classification"].validation.take(np.arange(3))
package(folder / "RandomForestClassifier", few, folder / "model")
"""


def test_two_processes_with_other_cores_make_the_same_bytes(tmp_path):
    folders = tmp_path / "one", tmp_path / "further" / "down" / "two"
    processes = []
    for folder, cores, step in zip(folders, "12", ("1", "-1"), strict=True):
        folder.mkdir(parents=True)
        variables = {"OMP_NUM_THREADS": cores, "LOKY_MAX_CPU_COUNT": cores}
        path = {"PYTHONPATH": f"{ROOT}:{ROOT}/tests"}
        processes.append(
            subprocess.Popen(
                [sys.executable, "-c", SCRIPT, str(folder), step],
                env={**os.environ, **variables, **path},
            )
        )

    assert [process.wait() for process in processes] == [0, 0]
    first, second = map(files, folders)
    assert first.keys() == second.keys()
    assert [path for path in first if first[path] != second[path]] == []
    assert sum(path.name == "estimator.onnx" for path in first) == len(ESTIMATORS) + 1
