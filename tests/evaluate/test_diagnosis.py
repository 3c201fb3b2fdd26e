"""Learning curves, read in words."""

from typing import get_args

import numpy as np
import pytest

from components.config.train import Illness
from components.evaluate.diagnosis import ADVICE, RULES, Curves, illness, read
from components.tasks.classification import Classification
from components.tasks.regression import Regression

GUESS = 2.3


def falling(count=12, start=0.9, end=0.1):
    """As the loss of a training that goes well: fast, then slowly."""
    return end + (start - end) * np.exp(-np.arange(count) / (count / 5))


def wave(count, size):
    return size * np.cos(np.pi * np.arange(count))


SHAPES = {
    "healthy": {"loss": falling(), "val_loss": falling(end=0.15), "rate": np.linspace(1, 0.01, 12)},
    "rate too high": {"loss": 2.2 + wave(12, 0.1), "val_loss": 2.2 + wave(12, 0.1)},
    "bad initialization": {"loss": [2.3, 2.305, 2.3, 2.298, 1.5, 1.0]},
    "rate too low": {"loss": np.linspace(2.3, 1.8, 12)},
    "decay too early": {
        "loss": [0.9, *np.linspace(0.42, 0.4, 11)],
        "val_loss": [0.4, *np.linspace(0.39, 0.37, 11)],
        "rate": [1, *[0.01] * 11],
    },
    "overfitting": {
        "loss": falling(end=0.01),
        "val_loss": [*falling(6, end=0.4), 0.42, 0.44, 0.46, 0.48, 0.5, 0.52],
    },
    "plateau": {"loss": falling(), "val_loss": [*falling(4, end=0.2), *(0.2 + wave(8, 0.02))]},
    "underfitting": {
        "loss": falling(24, 2.2, 1.0), "val_loss": falling(24, 2.1, 1.02),
        "rate": np.linspace(1, 0.01, 24),
    },
    "still improving": {"loss": [2.0, 1.2, 0.8, 0.6], "val_loss": [1.5, 0.8, 0.6, 0.45]},
}  # fmt: skip


def history(loss, val_loss=None, rate=None):
    val_loss = loss if val_loss is None else val_loss
    rate = np.ones(len(loss)) if rate is None else rate
    columns = {"loss": loss, "val_loss": val_loss, "learning_rate": rate}
    return {name: [float(one) for one in values] for name, values in columns.items()}


def said(found, scale=1.0):
    found = {**found, "loss": [scale * one for one in found["loss"]]}
    found["val_loss"] = [scale * one for one in found["val_loss"]]
    best = int(np.argmin(found["val_loss"]))
    return illness(Curves.of(found, {"best": best, "guess": scale * GUESS}))


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_each_illness_is_told_by_the_shape_of_its_curves(name, scale):
    found = said(history(**SHAPES[name]), scale)

    assert (found[0] if found else "healthy") == name


def test_there_is_a_rule_and_an_advice_for_each():
    assert set(RULES) == set(ADVICE) == set(get_args(Illness)) == set(SHAPES) - {"healthy"}


def test_the_evidence_has_the_numbers():
    assert said(history(**SHAPES["still improving"]))[1] == (
        "in the last quarter of the epochs the validation loss still falls by 25%"
    )
    assert said(history(**SHAPES["bad initialization"]))[1] == (
        "the training loss stays at 2.3 for the first 4 epochs, where a guess has it"
    )


@pytest.mark.parametrize("loss", [[0.5, 0.4], [0.5, float("nan"), 0.4, 0.3]])
def test_of_too_little_and_of_what_is_no_number_nothing_is_read(loss):
    assert illness(Curves.of({"loss": loss}, {"best": 0, "guess": GUESS})) is None


def test_without_validation_and_without_a_guess_something_is_read_all_the_same():
    found = illness(Curves.of({"loss": SHAPES["rate too low"]["loss"].tolist()}, {"best": 11}))

    assert found is not None
    assert found[0] == "rate too low"


def test_a_share_that_leads_in_training_is_overfitting():
    curves = history(**SHAPES["healthy"])
    shares = {"accuracy": [0.99] * 12, "val_accuracy": [0.9] * 12}

    found = illness(Curves.of({**curves, **shares}, {"best": 11, "guess": GUESS}, ["accuracy"]))

    assert found == ("overfitting", "training leads validation by 0.090")


def reading(name, **learned):
    found = history(**SHAPES[name])
    learned = {"best": int(np.argmin(found["val_loss"])), "guess": GUESS, **learned}
    return read(learned, found, Regression().curves, "pipelines/a.yaml")


def test_what_is_to_be_tried_is_a_line_of_yaml_and_a_command():
    remedies = {"plateau": ["train.learning_rate", {"cosine": {"initial": 0.1}}]}

    found = reading(
        "plateau", remedies=remedies, notes=[["before the first step", "the first loss is 9"]]
    )

    assert found.title == "epoch 6 of 12 is kept; plateau"
    (first, note), (name, _), *rest = found.rows
    assert (first, note, name) == ("before the first step", "the first loss is 9", "plateau")
    assert rest == [
        ("to try", "train.learning_rate: {cosine: {initial: 0.1}}"),
        ("by", "dvc exp run -S 'pipelines/a.yaml:++train.learning_rate={cosine: {initial: 0.1}}'"),
    ]


def test_without_a_value_there_is_advice():
    assert reading("overfitting", remedies={}).rows[-1] == ("to try", ADVICE["overfitting"])


def test_of_a_sound_training_only_the_kept_epoch_is_said():
    found = reading("healthy")

    assert (found.title, found.text) == ("epoch 12 of 12 is kept",) * 2


def test_a_metric_that_is_a_share_is_looked_at():
    found = history(**SHAPES["healthy"])
    found |= {"accuracy": [1.0] * 12, "val_accuracy": [0.5] * 12}

    words = read({"best": 11, "guess": GUESS}, found, Classification().curves, "a.yaml")

    assert words.title.endswith("overfitting")


def looks(*dead, gradients=(1.0,)):
    rows = [{"gradient": one, "weight": 1.0} for one in gradients]
    return [
        {"epochs": place, "layers": [{**row, "dead": one} for row in rows]}
        for place, one in enumerate(dead)
    ]


@pytest.mark.parametrize(
    ("dead", "is_told"), [([0.0, 0.9], True), ([0.9, 0.9], False), ([0.0, 0.3], False)]
)
def test_units_that_die_tell_of_a_rate_that_is_too_high(dead, is_told):
    curves = history(**SHAPES["healthy"])

    found = illness(Curves.of(curves, {"best": 11, "guess": GUESS, "layers": looks(*dead)}))

    told = "90% of the units of a layer have died, and give 0 for every example"
    assert found == (("rate too high", told) if is_told else None)


def test_where_gradients_do_not_come_through_an_uneasy_start_is_one_of_bad_first_weights():
    start = [2.6, 2.3, 2.4, 2.28, 2.42, 2.3, 2.35, 2.0, 1.9, 1.4, 1.2, 1.1]
    curves, learned = history(start), {"best": 11, "guess": GUESS}

    found = illness(Curves.of(curves, {**learned, "layers": looks(0, gradients=[1e-5, 1.0])}))
    other = illness(Curves.of(curves, {**learned, "layers": looks(0, gradients=[0.5, 1.0])}))

    assert found == (
        "bad initialization",
        "the training loss stays at 2.35 for the first 7 epochs, where a guess has it: gradients "
        "do not come through to the first layer",
    )
    assert other[0] == "rate too high"


def test_a_gradient_of_0_comes_through_least_of_all():
    curves = history([2.3, 2.3, 2.3, 2.3, 1.5, 1.2])
    learned = {"best": 5, "guess": GUESS, "layers": looks(0, gradients=[0.0, 0.0, 1.0])}

    assert illness(Curves.of(curves, learned))[1].endswith("come through to the first layer")


def test_what_decay_adds_to_the_loss_is_no_illness():
    decay = np.linspace(3.0, 1.0, 13)
    sound = np.array(SHAPES["healthy"]["loss"])
    curves = history(sound + (decay[:-1] + decay[1:]) / 2, sound + decay[1:], np.linspace(1, 0, 12))
    learned = {"best": 11, "guess": GUESS}

    assert illness(Curves.of(curves, learned)) is not None
    assert illness(Curves.of(curves, {**learned, "decay": decay.tolist()})) is None


@pytest.mark.parametrize("loss", [[0.0] * 5, [-0.5, -0.6, -0.7, -0.8, -0.9]])
def test_of_a_loss_that_is_not_above_0_nothing_is_read(loss):
    assert illness(Curves.of(history(loss), {"best": 4, "guess": None})) is None


@pytest.mark.parametrize(("by_heart", "is_told"), [(0.1, False), (0.7, True), (None, True)])
def test_a_network_that_learns_a_few_batches_by_heart_is_large_enough(by_heart, is_told):
    curves = history(**SHAPES["underfitting"])

    found = illness(Curves.of(curves, {"best": 23, "guess": GUESS, "by_heart": by_heart}))

    assert (found is not None) == is_told
    if by_heart and found:
        assert found[1].endswith("; two batches were learned to 70% of it")


def test_a_loss_that_falls_slowly_far_below_the_suggested_rate_is_told_so():
    curves = history(np.linspace(2.3, 1.0, 12), rate=np.full(12, 1e-5))
    learned = {"best": 11, "guess": GUESS}

    found = illness(Curves.of(curves, {**learned, "suggested_rate": 0.01}))
    other = illness(Curves.of(curves, {**learned, "suggested_rate": 1e-4}))

    assert found == (
        "rate too low",
        "the training loss still falls, and is at 1 after 12 epochs, of 2.3 for a guess; the "
        "range test suggests 1,000 times the rate",
    )
    assert other[0] == "still improving"


def test_a_loss_on_its_way_from_far_above_a_guess_falls_too_slowly():
    found = said(history(40 * 0.83 ** np.arange(15)))

    assert found == (
        "rate too low",
        "the training loss falls in every epoch, and is at 2.95 after 15 epochs, of 2.3 for a "
        "guess",
    )


def test_without_a_share_what_is_explained_of_the_loss_is_one():
    curves = history(falling(end=0.1), val_loss=falling(end=0.5))

    found = illness(Curves.of(curves, {"best": 11, "guess": 1.0}))

    assert found == ("overfitting", "training leads validation by 0.396")


def test_behind_a_head_that_begins_with_zeros_nothing_is_told_of_gradients():
    curves = {"loss": [2.5 + 0.3 * (epoch % 2) for epoch in range(12)]}
    (first, *_), *_ = [look["layers"] for look in looks(0, gradients=[0.0])]
    head = {**first, "gradient": 0.4, "weight": 0.0}
    learned = {"best": 0, "guess": GUESS, "layers": [{"epochs": 0, "layers": [first, head]}]}

    found = illness(Curves.of(curves, learned))

    assert found is not None
    assert found[0] == "rate too high"
