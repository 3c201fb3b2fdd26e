"""A real search, with its trials in MLflow."""

from contextlib import nullcontext

import mlflow
import pytest

from components.base.errors import Stop
from components.config.overrides import apply
from components.config.pipeline import Pipeline
from components.config.tune import Config
from components.fitting.state import State
from components.run import tracking
from components.tune.stage import Search, search, table
from tests.fitting.made import SECTIONS, points
from tests.fitting.told import Told

RATE, SIZE = "train.learning_rate", "train.batch_size"


@pytest.fixture
def data():
    return points(train=40, validation=20)


def searched(data, *watchers, **settings):
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
    file = {
        **SECTIONS,
        "train": {"epochs": config.epochs},
        "model": {"architecture": "mlp", "units": [8]},
    }

    def laid(values):
        return Pipeline.model_validate(apply(file, values))

    client = tracking.connect("points")
    with tracking.start(client, "points", {}, {}) as live:

        def recorded(number, values):
            tags = {"optuna.trial": str(number)}
            return tracking.start(client, "points", values, tags, parent=live.run_id)

        return search(
            Search(config, laid, data, 0, recorded, lambda _: nullcontext(State()), watchers)
        ), live.run_id


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


def test_whoever_watches_is_told_of_every_trial_and_the_run_of_its_curves(mlflow_store, data):
    study, parent = searched(data, told := Told(), pruner="NopPruner")

    epochs = [(number, values["val_accuracy"]) for number, values in told.epochs]
    assert [number for number, _ in epochs] == [0, 1] * 3
    query = f"tags.`mlflow.parentRunId` = '{parent}'"
    client = mlflow.MlflowClient()
    runs = sorted(client.search_runs(["1"], query), key=lambda run: run.data.tags["optuna.trial"])
    curves = [client.get_metric_history(run.info.run_id, "val_accuracy") for run in runs]
    assert [(one.step, one.value) for curve in curves for one in curve] == epochs
    assert [trial.value for trial in study.trials] == [
        max(value for _, value in epochs[start : start + 2]) for start in (0, 2, 4)
    ]


def test_the_same_seed_tries_the_same_values(mlflow_store, data):
    first, again = (table(searched(data, trials=2)[0]) for _ in range(2))

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
