"""What is left of a training, whoever learned."""

import io
import json
from functools import partial

import keras
import own_learner
import pytest
import yaml
from rich.console import Console
from rich.progress import Progress
from stages import run_stage

from components.base.files import read_json, write_json
from components.data import shards
from components.data.dataset import empty
from components.fitting import progress
from components.fitting.diverged import Diverged
from components.fitting.predictor import load
from components.fitting.supervised import Supervised
from components.fitting.watch import Work
from components.models import keras_files
from components.run import tracking
from components.train.run import curve_rows
from tests.fitting.made import SECTIONS, points

HIDDEN, SEEN = "\x1b[?25l", "\x1b[?25h"
OWN = {"train": {"learner": "own_learner:Shares", "smoothing": 1.0}}


@pytest.fixture
def trained(mlflow_store):
    """Runs the stage on points, and gives the run."""
    data, nothing = points(), keras.Sequential([keras.Input((2,)), keras.layers.Identity()])
    shards.save({"train": data.train, "validation": data.validation}, mlflow_store / "ready")
    shards.save({"train": empty(data.train.schema)}, mlflow_store / "augmented")
    keras_files.save(nothing, mlflow_store / "augmented" / "augmentation.keras")
    keras_files.save(nothing, mlflow_store / "ready" / "preprocessing.keras")

    def run(hyperparameters, **sections):
        path = mlflow_store / "points.yaml"
        path.write_text(yaml.safe_dump({**SECTIONS, **sections}))
        write_json(hyperparameters, mlflow_store / "best.json")
        return run_stage(
            "train",
            path,
            mlflow_store,
            dataset=mlflow_store / "ready",
            augmented=mlflow_store / "augmented",
            hyperparameters=mlflow_store / "best.json",
            out=mlflow_store / "trained",
            curves=mlflow_store / "curves.csv",
        )

    return run


def test_a_network_and_its_curves_are_left(trained, mlflow_store, capsys):
    trained({"train.epochs": 2})

    learned = read_json(mlflow_store / "trained" / "history.json")
    assert (learned["epochs"], list(learned["history"])) == (
        2,
        ["accuracy", "loss", "val_accuracy", "val_loss", "learning_rate"],
    )
    assert learned["guess"] > 0
    assert learned["remedies"]["still improving"] == ["train.epochs", 4]
    metrics = read_json(mlflow_store / "train.metrics.json")
    best = learned["best"]
    assert metrics == {
        **{name: values[best] for name, values in learned["history"].items()},
        "best_epoch": best + 1,
        "parameters": 2 * 8 + 8 + 8 * 2 + 2,
    }
    head, *rows = (mlflow_store / "curves.csv").read_text().splitlines()
    assert head == "epoch,split,metric,value"
    assert len(rows) == 2 * 5
    assert f"2,validation,loss,{learned['history']['val_loss'][1]}" in rows
    assert load(mlflow_store / "trained").predict(points().validation).shape == (20, 2)
    said = f"points: epoch {best + 1} of 2 is kept, val_loss {metrics['val_loss']:.4f}\n"
    assert capsys.readouterr().out == said


def test_a_learner_of_ones_own_is_trained_and_found_again(trained, mlflow_store):
    run = trained({}, **OWN)

    data = points()
    above = (int(data.train.target.sum()) + 1) / 62
    predictor = load(mlflow_store / "trained")
    assert predictor.predict(data.validation)[0] == pytest.approx([1 - above, above])
    loss = read_json(mlflow_store / "train.metrics.json")["loss"]
    assert run.finding == f"loss {loss:.4f}"
    client = tracking.connect("points")
    (live,) = client.search_runs(["1"])
    assert live.data.metrics == {"loss": pytest.approx(loss)}
    assert live.data.params["train.smoothing"] == "1.0"
    assert live.data.tags["dvc.stage"] == "train@points"


def test_hyperparameters_are_laid_over_the_file(trained, mlflow_store):
    trained({"train.smoothing": 1e6}, **OWN)

    shares = json.loads((mlflow_store / "trained" / "shares.json").read_text())
    assert shares == pytest.approx([0.5, 0.5], abs=1e-4)


def test_what_is_no_number_is_null(trained, mlflow_store, monkeypatch):
    history = {"loss": [2.0, float("nan")], "val_loss": [float("nan"), 1.0]}
    found = own_learner.Fitted([0.5, 0.5], history, best=0)
    monkeypatch.setattr(own_learner.Shares, "fit", lambda *_: found)

    trained({}, **OWN)

    learned = read_json(mlflow_store / "trained" / "history.json")
    assert learned == {
        "epochs": 1,
        "best": 0,
        "history": {"loss": [2.0, None], "val_loss": [None, 1.0]},
        "remedies": {},
        "seeds": {},
    }


def test_curves_are_rows_that_begin_with_the_epoch():
    history = {"loss": [3, 2], "accuracy": [0, 1], "val_loss": [5, 4]}

    assert list(curve_rows(history)) == [
        (1, "train", "loss", 3),
        (2, "train", "loss", 2),
        (1, "train", "accuracy", 0),
        (2, "train", "accuracy", 1),
        (1, "validation", "loss", 5),
        (2, "validation", "loss", 4),
    ]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_however_a_fit_ends_the_cursor_is_seen_again(trained, monkeypatch, error):
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=80, color_system=None)
    monkeypatch.setattr(progress, "Progress", partial(Progress, console=console))

    def broken_off(_, file, data, seed, watch):
        watch.begin(Work(3, 5, 70))
        raise error

    monkeypatch.setattr(Supervised, "fit", broken_off)
    with pytest.raises(error):
        trained({})

    assert screen.getvalue().rindex(HIDDEN) < screen.getvalue().rindex(SEEN)


SEEDS = {"train": {**SECTIONS["train"], "epochs": 3, "seeds": 3}}


def test_further_seeds_say_how_much_is_luck(trained, mlflow_store, capsys):
    trained({})
    alone = read_json(mlflow_store / "trained" / "history.json")

    trained({}, **SEEDS | {"train": {**SEEDS["train"], "epochs": 8}})

    learned = read_json(mlflow_store / "trained" / "history.json")
    assert learned["history"] == alone["history"]
    one = learned["seeds"]["val_loss"]
    best = learned["history"]["val_loss"][learned["best"]]
    assert one["low"] < one["value"] < one["high"]
    assert one["value"] != best
    said = capsys.readouterr().out.splitlines()[-1]
    assert f"; over 3 seeds {one['value']:.4f} ({one['low']:.4f} to {one['high']:.4f})" in said
    client = tracking.connect("points")
    experiment = client.get_experiment_by_name("points").experiment_id
    runs = client.search_runs([experiment], filter_string="tags.`millrace.seed` != ''")
    assert sorted(run.data.tags["millrace.seed"] for run in runs) == ["1", "2"]
    assert all(run.data.tags["mlflow.parentRunId"] for run in runs)


def test_a_further_seed_that_diverges_takes_nothing_along(
    trained, mlflow_store, monkeypatch, capsys
):
    real = Supervised.fit

    def unlucky(self, file, data, seed, watch):
        if seed == 1:
            raise Diverged("the loss is not a number")
        return real(self, file, data, seed, watch)

    monkeypatch.setattr(Supervised, "fit", unlucky)

    trained({}, **SEEDS)

    said = capsys.readouterr().out
    assert "points: seed 1 is left out: the loss is not a number" in said
    assert "; over 2 seeds " in said
    assert (mlflow_store / "trained" / "history.json").exists()


def test_one_that_is_killed_fits_no_seed_twice(trained, mlflow_store, monkeypatch):
    monkeypatch.setenv("MILLRACE_STATE", str(mlflow_store / "states"))
    fitted, real = [], Supervised.fit

    def mortal(self, file, data, seed, watch):
        fitted.append(seed)
        if fitted == [0, 1, 2]:
            raise KeyboardInterrupt
        return real(self, file, data, seed, watch)

    monkeypatch.setattr(Supervised, "fit", mortal)
    with pytest.raises(KeyboardInterrupt):
        trained({}, **SEEDS)
    trained({}, **SEEDS)

    assert fitted == [0, 1, 2, 0, 2]
    again = read_json(mlflow_store / "trained" / "history.json")["seeds"]
    monkeypatch.setenv("MILLRACE_STATE", str(mlflow_store / "others"))
    trained({}, **SEEDS)
    assert read_json(mlflow_store / "trained" / "history.json")["seeds"] == again
