"""The registry, and the gate before the alias."""

import keras
import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient

from components.register.card import card
from components.register.config import Config, Gate
from components.register.logged import log_model
from components.register.stage import judge, refused, register

CONFIG = Config(name="pets", gate={"min": 0.5, "must_beat": "champion"})


def registered(value, name="pets"):
    """A new run with a model of its own, registered with a metric."""
    with mlflow.start_run() as run:
        model = keras.Sequential([keras.Input((2,), dtype="uint8"), keras.layers.Dense(3)])
        uri = log_model(model, np.ones((2, 2), np.uint8), run.info.run_id)
        config = CONFIG.model_copy(update={"name": name})
        return register(config, run.info.run_id, uri, value, "a card"), uri


def champion():
    return int(MlflowClient().get_model_version_by_alias("pets", "champion").version)


def test_the_first_is_the_champion_and_only_a_better_one_takes_its_place(mlflow_store):
    versions = [registered(value)[0] for value in (0.8, 0.8, 0.7, 0.9)]

    assert [one.version for one in versions] == [1, 2, 3, 4]
    assert [one.is_champion for one in versions] == [True, False, False, True]
    assert versions[2].reason == "accuracy 0.7000 against the champion's 0.8000"
    assert champion() == 4


def test_registering_a_run_again_makes_no_second_version(mlflow_store):
    first, uri = registered(0.8)

    again = register(CONFIG, first.run_id, uri, 0.8, "another card")

    assert again.version == first.version == champion()
    assert again.is_champion
    assert MlflowClient().get_model_version("pets", 1).description == "another card"


def test_a_run_logs_its_model_once_and_it_loads_without_our_code(mlflow_store):
    first, uri = registered(0.8)
    with mlflow.start_run(run_id=first.run_id):
        again = log_model(keras.Sequential(), np.ones((2, 2), np.uint8), first.run_id)

    loaded = mlflow.pyfunc.load_model("models:/pets@champion")

    assert again == uri
    assert loaded.predict(np.ones((5, 2), np.uint8)).shape == (5, 3)
    assert loaded.input_example.shape == (2, 2)


def test_below_the_minimum_nothing_is_registered():
    assert refused({"accuracy": 0.5}, CONFIG.gate) is None
    assert refused({"accuracy": 0.49}, CONFIG.gate) == (
        "register: accuracy 0.4900 is below register.gate.min, 0.5"
    )


@pytest.mark.parametrize(
    ("gate", "champion", "promoted"),
    [
        pytest.param(Gate(), 0.99, True, id="no comparison"),
        pytest.param(Gate(must_beat="champion"), None, True, id="no champion yet"),
        pytest.param(Gate(must_beat="champion"), 0.8, False, id="a tie"),
        pytest.param(Gate(must_beat="champion"), 0.79, True, id="better"),
    ],
)
def test_the_alias_moves_only_to_a_better_model(gate, champion, promoted):
    assert judge(0.8, gate, champion).is_promoted is promoted


def test_the_card_names_the_weakest_classes():
    measures = {
        "accuracy": 0.9,
        "accuracy_low": 0.8,
        "accuracy_high": 1.0,
        "examples": 10,
        "macro_f1": 0.9,
        "expected_calibration_error": 0.1,
        "per_class": [{"name": "cat", "f1": 0.99}, {"name": "dog", "f1": 0.5}],
    }
    models = [{"method": "int8", "size_bytes": 1500, "accuracy": 0.9, "latency_ms": 0.1}]

    text = card("Pets.", measures, models, {"dvc.stage": "train@pets"})

    assert "Weakest classes by F1: dog (0.500), cat (0.990)." in text
    assert "| int8 | 1.5 kB | 0.9000 | 0.100 ms |" in text
    assert "- dvc.stage: `train@pets`" in text
