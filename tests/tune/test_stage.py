"""A real search, with its trials in MLflow."""

import keras
import mlflow
import numpy as np
import pytest

from components.base.errors import Stop
from components.config.fitting import Fitting
from components.config.models import Mlp
from components.config.overrides import apply
from components.config.tune import Config
from components.data.dataset import Facts, Split
from components.fitting.fit import Data
from components.run import tracking
from components.tune.stage import search, table

RATE, SIZE = "train.learning_rate", "train.batch_size"


@pytest.fixture
def data():
    points = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
    labels = (points[:, 0] > 0).astype(np.int64)
    facts = Facts((2,), "float32", ("left", "right"), {"train": 40, "validation": 20})
    nothing = keras.Sequential([keras.Input((2,))])
    return Data(Split(points[:40], labels[:40]), Split(points[40:], labels[40:]), facts, nothing)


def sections(values):
    laid = apply({"train": {"epochs": 9}, "model": {"architecture": "mlp", "units": [4]}}, values)
    return Fitting.model_validate(laid["train"]), Mlp.model_validate(laid["model"])


def searched(data, **settings):
    config = Config.model_validate(
        {
            "trials": 3,
            "epochs": 2,
            "monitor": "val_accuracy",
            "space": {
                RATE: {"FloatDistribution": {"low": 1e-6, "high": 0.1, "log": True}},
                SIZE: {"IntDistribution": {"low": 4, "high": 16, "step": 4}},
            },
            **settings,
        }
    )
    client = tracking.connect("points")
    with tracking.start(client, "points", {}, {}) as live:

        def recorded(number, values):
            tags = {"optuna.trial": str(number)}
            return tracking.start(client, "points", values, tags, parent=live.run_id)

        return search(config, sections, data, 0, recorded), live.run_id


def test_every_trial_is_a_run_nested_in_the_search(mlflow_store, data):
    study, parent = searched(data)

    query = f"tags.`mlflow.parentRunId` = '{parent}'"
    runs = mlflow.search_runs(["1"], query, output_format="list")
    assert len(runs) == len(table(study)) == 3
    assert {run.data.tags["optuna.trial"] for run in runs} == {"0", "1", "2"}
    assert {float(run.data.params[RATE]) for run in runs} == {
        trial.params[RATE] for trial in study.trials
    }
    assert study.best_value == max(trial.value for trial in study.trials)


def test_the_same_seed_tries_the_same_values(mlflow_store, data):
    first, again = (table(searched(data)[0]) for _ in range(2))

    assert first == again


def test_a_diverging_trial_is_pruned_and_the_search_goes_on(mlflow_store, data):
    space = {RATE: {"CategoricalDistribution": {"choices": [1e30, 0.1]}}}
    sampler = {"GridSampler": {"search_space": {RATE: [1e30, 0.1]}}}

    study, _ = searched(data, trials=2, space=space, sampler=sampler)

    states = {trial.params[RATE]: trial.state.name for trial in study.trials}
    assert states == {1e30: "PRUNED", 0.1: "COMPLETE"}


def test_a_search_of_which_every_trial_diverges_says_so(mlflow_store, data):
    space = {RATE: {"CategoricalDistribution": {"choices": [1e30]}}}

    with pytest.raises(Stop) as caught:
        searched(data, trials=2, space=space)

    assert str(caught.value) == (
        "tune: none of 2 trials came to an end: each was pruned, or its loss was not a number; "
        "another tune.space, or a lower learning rate"
    )


def test_a_hopeless_trial_is_stopped(mlflow_store, data):
    space = {RATE: {"CategoricalDistribution": {"choices": [0.1, 1e-9]}}}
    sampler = {"GridSampler": {"search_space": {RATE: [0.1, 1e-9]}}}
    pruner = {"MedianPruner": {"n_startup_trials": 1}}

    study, _ = searched(
        data, trials=2, epochs=6, space=space, sampler=sampler, pruner=pruner, monitor="val_loss"
    )

    states = {trial.params[RATE]: trial.state.name for trial in study.trials}
    assert states[0.1] == "COMPLETE"
    assert study.best_params == {RATE: 0.1}
