"""The whole line on a table with a category, a regression, every stage in this process."""

import csv
import io

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from components.data import dataset
from components.tasks.outcomes import read_outcomes

NUMBERS = ("age", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6")


@pytest.fixture(scope="module")
def line(small_lines):
    return small_lines("diabetes")


def rows(line, path):
    with (line.root / path).open(newline="") as file:
        return list(csv.DictReader(file))


def split(line, stage, name):
    return dataset.open_split(line.root / "data/diabetes" / stage, name)


@pytest.fixture(scope="module")
def said(line):
    return pd.read_csv(line.root / "data/diabetes/evaluation/predictions.csv")


@pytest.fixture(scope="module")
def patients():
    """As scikit-learn has them, in its order."""
    return load_diabetes(as_frame=True, scaled=False).frame


def test_every_patient_is_in_one_split(line, patients):
    parts = [split(line, "raw", name) for name in dataset.SPLITS]

    targets = np.concatenate([part.target for part in parts])
    assert line.runs["ingest"].finding == (
        f"442 examples: {len(parts[0])} train, {len(parts[1])} validation, {len(parts[2])} test"
    )
    assert sorted(targets) == sorted(patients["target"].astype(np.float32))
    assert set(parts[0]["sex"][:]) == {"1", "2"}
    assert parts[0].schema.columns["sex"].categories == ("1", "2")


def test_the_splits_have_as_many_high_and_low_targets(line):
    means = [np.mean(split(line, "raw", name).target) for name in dataset.SPLITS]

    assert np.ptp(means) < 8


def test_features_are_standardised_by_the_train_split_alone(line):
    train = split(line, "raw", "train")
    known = {name: np.asarray(train[name], np.float64) for name in NUMBERS}

    for part in dataset.SPLITS:
        raw, ready = split(line, "raw", part), split(line, "ready", part).input[:]
        assert ready.shape == (len(raw), 21)
        for place, name in enumerate(NUMBERS):
            expected = (raw[name] - known[name].mean()) / known[name].std()
            assert ready[:, 2 * place] == pytest.approx(expected, abs=1e-4)
            assert not ready[:, 2 * place + 1].any()
        is_first = np.array(raw["sex"][:]) == "1"
        hot = np.stack([is_first, ~is_first, np.zeros(len(raw))], axis=1)
        assert np.array_equal(ready[:, 18:], hot)
        assert np.array_equal(split(line, "ready", part).target, raw.target)


def test_the_curves_are_the_loss_and_the_absolute_error(line):
    curves = rows(line, "reports/diabetes/learning_curves.csv")
    history = line.read("data/diabetes/trained/history.json")

    assert {(one["split"], one["metric"]) for one in curves} == {
        *((part, metric) for part in ("train", "validation") for metric in ("loss", "mae")),
        ("train", "learning_rate"),
    }
    assert history["best"] == np.argmin(history["history"]["val_loss"])


def test_a_prediction_is_in_the_units_of_the_target_and_of_its_row(line, said):
    test = split(line, "raw", "test")

    assert list(said.columns) == ["row", "name", "target", "predicted"]
    assert [test.name(row) for row in said["row"]] == said["name"].tolist()
    assert np.array_equal(said["target"], np.asarray(test.target))
    assert 100 < said["predicted"].mean() < 200
    assert np.corrcoef(said["target"], said["predicted"])[0, 1] > 0.5


def test_the_metrics_are_those_of_the_predictions(line, said):
    found = line.read("reports/diabetes/evaluate.json")

    pair = said["target"], said["predicted"]
    assert found["rmse"] == pytest.approx(root_mean_squared_error(*pair))
    assert found["mae"] == pytest.approx(mean_absolute_error(*pair))
    assert found["r2"] == pytest.approx(r2_score(*pair))
    assert found["bias"] == pytest.approx((said["predicted"] - said["target"]).mean())
    assert found["examples"] == len(said)
    assert found["rmse_low"] < found["rmse"] < found["rmse_high"]
    sentence = line.runs["evaluate"].finding
    assert sentence.startswith(f"test RMSE {found['rmse']:.2f} (95 % interval ")
    assert sentence.endswith(
        f", {len(said)} examples), MAE {found['mae']:.2f}, R² {found['r2']:.4f}"
    )


def test_residuals_are_drawn(line):
    pictures = {one.stem for one in (line.root / "reports/diabetes/evaluate").iterdir()}

    training = {"learning_curves", "loss_of_steps", "outputs_of_layers", "gradients_of_layers"}
    assert pictures == {"residuals", *training}
    assert (line.root / "reports/diabetes/report.html").read_text().count("Residuals") >= 1


def test_what_is_compressed_is_measured_against_what_was_evaluated(line):
    models = line.read("data/diabetes/compressed/models.json")

    rmse = line.read("reports/diabetes/evaluate.json")["rmse"]
    assert [one["method"] for one in models] == ["float32", "float16"]
    assert models[0]["value"] == pytest.approx(rmse, rel=1e-5)
    for one in models:
        assert abs(one["drop"]) == pytest.approx(abs(rmse - one["value"]), abs=1e-9)
        assert one["drop_low"] <= one["drop"] <= one["drop_high"]


def test_it_is_registered(line):
    assert line.standing.sentence == "diabetes version 1 is the champion: there was no champion"
    assert line.read("reports/diabetes/package.json") == {
        "rmse": line.read("reports/diabetes/evaluate.json")["rmse"],
        "passes_gate": True,
        "reason": "",
    }


def test_the_registered_model_has_said_the_same_of_the_same_examples(line, said):
    kept = read_outcomes(line.root / "packages/diabetes/model/outcomes.csv")

    ours = zip(kept.truth["value"], kept.answers["value"], strict=True)
    assert sorted((float(truth), float(answer)) for truth, answer in ours) == sorted(
        zip(said["target"], said["predicted"], strict=True)
    )


def test_a_server_answers_for_the_table_as_pandas_reads_it(line, said, patients, tmp_path):
    table = patients.drop(columns="target").astype({"age": int, "sex": int})
    places = [int(name.removeprefix("row ")) for name in said["name"]]
    table.iloc[places].to_csv(tmp_path / "patients.csv", index=False)

    found = line.served(tmp_path / "patients.csv")

    assert pd.read_csv(io.StringIO(table.to_csv()))["sex"].dtype == np.int64
    assert found.shape == (len(said), 1)
    assert found.ravel() == pytest.approx(said["predicted"].to_numpy(), rel=1e-4)
