"""A training that is killed anywhere comes to the bytes of one that is not."""

import json
from functools import partial

import keras
import pytest

from components.fitting.state import State
from components.fitting.supervised import precision as precision_module
from components.fitting.watch import Watch
from tests.fitting.jax import on_jax
from tests.fitting.made import SECTIONS, pipeline, points
from tests.fitting.mortal import Killed, Mortal, gone_on
from tests.fitting.told import Told
from tests.own_models import drawing

TRAIN = {
    **SECTIONS["train"],
    "epochs": 3,
    "optimizer": {"SGD": {"momentum": 0.9}},
    "learning_rate": {"cosine": {"initial": 0.05, "warmup": 1}},
    "early_stopping": {"monitor": "val_loss", "patience": 2},
}
MODEL = {"architecture": f"{drawing.__module__}:{drawing.__name__}"}
STEPS = 4  # of an epoch


def train(state=None, *watchers, **settings):
    """What is told, the best epoch and the bytes of the weights."""
    file = pipeline(model=MODEL, train={**TRAIN, **settings})
    data = points(train=60, augment=keras.layers.GaussianNoise(0.05))
    made = file.train.fit(file, data, 7, Watch(*watchers, state=state))
    told = json.loads(json.dumps({"history": made.history, **made.told}))
    return told, made.best, [one.tobytes() for one in made.model.get_weights()]


@pytest.fixture(scope="module")
def whole():
    return train()


@pytest.mark.parametrize("lives", [2, 5])
def test_it_goes_on_in_the_middle_of_an_epoch_to_the_same_bytes(tmp_path, whole, lives):
    made, killed = gone_on(train, tmp_path / "state.npz", lives)

    assert killed >= 2
    assert made == whole


def test_to_keep_it_changes_nothing(tmp_path, whole):
    assert train(Mortal(tmp_path / "state.npz")) == whole


def test_the_end_of_an_early_stop_is_the_same(tmp_path):
    """Stopped in epoch 4 or so, before which it is killed at every place."""
    stopping = {"monitor": "val_loss", "patience": 1, "min_delta": 0.05}
    settings = {"early_stopping": stopping, "epochs": 30}
    whole = train(**settings)
    epochs = len(whole[0]["history"]["loss"])
    assert 3 <= epochs < 30

    made, killed = gone_on(partial(train, **settings), tmp_path / "state.npz", 3)

    assert killed >= 2
    assert made == whole


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(
            {"learning_rate": {"plateau": {"initial": 0.5, "warmup": 1, "patience": 1}}},
            id="a rate that follows the curves",
        ),
        pytest.param({"optimizer": {"Adam": {"use_ema": True}}}, id="averaged weights"),
        pytest.param(
            {"optimizer": {"SGD": {"gradient_accumulation_steps": 3}}}, id="gathered gradients"
        ),
        pytest.param({"class_weight": "balanced"}, id="weighted classes"),
        pytest.param({"precision": "mixed_float16", "epochs": 120}, id="scaled losses, all checks"),
    ],
)
@pytest.mark.parametrize("lives", [3, 7])
def test_what_else_decides_is_kept_too(tmp_path, settings, lives, monkeypatch):
    monkeypatch.setattr(precision_module, "devices", lambda: ["cpu:0", "gpu:0"])
    settings = {"epochs": 8, **settings, "early_stopping": None}
    lives *= settings["epochs"] // 8
    try:
        whole = train(**settings)
        made, killed = gone_on(partial(train, **settings), tmp_path / "state.npz", lives)
    finally:
        keras.config.set_dtype_policy("float32")

    assert killed >= 2
    assert made == whole


def test_whoever_watches_is_told_the_epochs_before_again(tmp_path, whole):
    history = whole[0]["history"]
    with pytest.raises(Killed):
        train(Mortal(tmp_path / "state.npz", 2 * STEPS + 3))  # before the third step of epoch 3
    told = Told()

    train(State(tmp_path / "state.npz"), told)

    assert (told.works[0].done, told.works[0].first) == (2, 2)
    assert [number for number, _ in told.epochs] == list(range(len(history["loss"])))
    assert [values["loss"] for _, values in told.epochs] == history["loss"]


@pytest.mark.parametrize("precision", ["mixed_float16", "bfloat16"])
def test_what_is_kept_of_half_precision_is_exact(tmp_path, precision, monkeypatch):
    monkeypatch.setattr(precision_module, "devices", lambda: ["cpu:0", "gpu:0"])
    try:
        whole = train(precision=precision)
        made, killed = gone_on(partial(train, precision=precision), tmp_path / "state.npz", 6)
    finally:
        keras.config.set_dtype_policy("float32")

    assert killed
    assert made == whole


def test_on_jax_too(tmp_path):
    """In a process of its own, which has the other backend."""
    on_jax(f"""
from pathlib import Path
from tests.fitting.jax import on_jax
from tests.fitting.mortal import gone_on
from tests.fitting.supervised.test_resume import train
whole = train()
made, killed = gone_on(train, Path({str(tmp_path)!r}, "state.npz"), 4)
assert killed >= 2 and made == whole, killed
""")
