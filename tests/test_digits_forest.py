"""The whole line of an estimator of scikit-learn, every stage in this process."""

import csv

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier

from components.data import dataset
from components.fitting.estimator.session import Session

DIGITS = [str(digit) for digit in range(10)]


@pytest.fixture(scope="module")
def line(small_lines):
    return small_lines("digits-forest")


def split(line, stage, name):
    return dataset.open_split(line.root / "data/digits-forest" / stage, name)


def vectors(line, name):
    values = np.asarray(split(line, "ready", name).input[:], np.float32)
    return values.reshape(len(values), -1)


@pytest.fixture(scope="module")
def said(line):
    return pd.read_csv(line.root / "data/digits-forest/evaluation/predictions.csv")


def test_the_forest_is_the_one_of_scikit_learn(line, said):
    seed = 0 if "seed: 0" in (line.root / "params.yaml").read_text() else None
    theirs = RandomForestClassifier(n_estimators=30, random_state=seed)
    theirs.fit(vectors(line, "train").astype(np.float64), split(line, "ready", "train").target)

    expected = theirs.predict_proba(vectors(line, "test").astype(np.float64))

    assert seed == 0
    assert said[DIGITS].to_numpy() == pytest.approx(expected, abs=1e-5)


def test_only_the_file_that_was_measured_is_kept(line):
    trained = line.root / "data/digits-forest/trained"

    assert {path.name for path in trained.iterdir()} == {
        "estimator.onnx",
        "history.json",
        "predictor.json",
        "preprocessing.keras",
    }
    size = (trained / "estimator.onnx").stat().st_size
    assert line.read("reports/digits-forest/train.json")["size_bytes"] == size


def test_its_learning_curve_has_one_epoch(line):
    with (line.root / "reports/digits-forest/learning_curves.csv").open(newline="") as file:
        curves = {(one["split"], one["metric"]): one for one in csv.DictReader(file)}

    file = line.root / "data/digits-forest/trained/estimator.onnx"
    answers = Session(file.read_bytes()).run(vectors(line, "validation")).argmax(axis=1)
    right = np.mean(answers == split(line, "ready", "validation").target)
    assert {one["epoch"] for one in curves.values()} == {"1"}
    assert float(curves["train", "accuracy"]["value"]) == 1
    assert float(curves["validation", "accuracy"]["value"]) == pytest.approx(right)
    assert set(curves) == {
        (part, metric) for part in ("train", "validation") for metric in ("loss", "accuracy")
    }


def test_it_is_measured_as_a_network_is(line, said):
    found = line.read("reports/digits-forest/evaluate.json")

    assert found["accuracy"] == pytest.approx(np.mean(said["label"] == said["predicted"]))
    assert found["accuracy"] > 0.9
    assert found["accuracy_low"] < found["accuracy"] < found["accuracy_high"]


def test_nothing_is_compressed_and_nothing_searched(line):
    findings = {name: line.runs[name].finding for name in ("augment", "tune", "compress")}

    assert findings == {
        "augment": "0 layers; 0 copies on disk",
        "tune": "no search is declared",
        "compress": "nothing to do",
    }
    assert line.read("data/digits-forest/compressed/models.json") == []


def test_it_is_registered(line):
    assert line.standing.sentence == (
        "digits-forest version 1 is the champion: there was no champion"
    )
    assert line.runs["package"].finding == "ready to be registered"


def test_a_server_answers_for_raw_images(line, said, tmp_path):
    np.save(tmp_path / "images.npy", split(line, "raw", "test").input[:][said["row"]])

    found = line.served(tmp_path / "images.npy")

    assert found.dtype == np.float32
    assert found == pytest.approx(said[DIGITS].to_numpy(), abs=1e-6)
