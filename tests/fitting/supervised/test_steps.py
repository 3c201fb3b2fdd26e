"""The loss of every step: what is kept of it, and what of it is said."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from components.data.dataset import Split
from components.fitting.data import Data
from components.fitting.supervised import steps as module
from components.fitting.supervised.batches import Batches
from components.fitting.supervised.record import Record
from components.fitting.supervised.steps import Steps
from components.fitting.watch import Watch
from components.tasks.head import values
from tests.fitting.jax import on_jax
from tests.fitting.made import SCHEMA, SECTIONS, pipeline, points
from tests.fitting.told import Told

OFF = {"first_step": False, "overfit": False, "range_test": False, "layers": False}
TRAIN = {**SECTIONS["train"], "checks": OFF}


def fitted(data, told=None, **settings):
    file = pipeline(train={**TRAIN, **settings})
    return file.train.fit(file, data, 7, Watch(*([told] if told else [])))


def test_the_losses_are_those_of_each_step():
    """Of 60 examples in batches of 16, the last of an epoch has 12."""
    found = fitted(points(), epochs=3)

    losses = found.record.losses
    assert [len(one) for one in losses] == [4, 4, 4]
    whole = [np.average(one, weights=[16, 16, 16, 12]) for one in losses]
    np.testing.assert_allclose(whole, found.history["loss"], rtol=1e-5)
    assert len({*losses[0]}) == 4  # no means of the steps before


def test_of_many_steps_stretches_are_kept(monkeypatch):
    monkeypatch.setattr(module, "POINTS", 9)

    found = fitted(points(), epochs=3)

    assert [len(one) for one in found.record.losses] == [3, 3, 3]


def test_after_a_huge_loss_those_that_are_lost_in_it_are_told_by_the_mean(monkeypatch):
    """Keras keeps the sum of losses in float32."""
    monkeypatch.setattr(module, "POINTS", 5000)

    record, *_ = seen([1e9, *calm()])

    losses = np.array(record.losses[0])
    assert len(losses) == 301
    assert losses.min() > 0
    np.testing.assert_allclose(losses, 1e9 / np.arange(1, 302), rtol=1e-3)


def test_a_loss_that_gives_one_number_for_a_batch_can_leap():
    data = points(train=1600)
    wrong = np.arange(0, 1600, 50)
    labels = np.array(data.train["label"])
    labels[wrong] = 1 - labels[wrong]
    train = Split(data.train.schema, {**data.train.columns, "label": labels})

    found = fitted(replace(data, train=train), loss="Dice", batch_size=2, epochs=3)

    assert any("the loss leaps" in what for _, what in found.record.notes)


def test_whoever_watches_is_told_them_by_their_step():
    told = Told()

    found = fitted(points(), told, epochs=2)

    steps = [(step, one["step_loss"]) for step, one in told.sent if "step_loss" in one]
    assert steps == list(enumerate([*found.record.losses[0], *found.record.losses[1]]))


def seen(*epochs, guess=0.7, of_examples=(), inputs=None):
    """What is noted of epochs with these losses of steps, one example each."""
    count = len(epochs[0])
    inputs = np.zeros((count, 2), np.float32) if inputs is None else inputs
    split = Split(SCHEMA, {"point": inputs, "label": np.zeros(count)})
    batches = Batches(split, 1, values)
    examples = SimpleNamespace(
        losses=lambda network, rows: np.array([of_examples[row] for row in rows]),
        name=lambda row: f"photo {row}",
        distances=lambda rows: np.zeros(len(rows)),
    )
    record, told = Record(), Told()
    network = SimpleNamespace(trainable_variables=[])
    steps = Steps(network, examples, batches, record, Watch(told), guess, 5)
    steps.set_model(SimpleNamespace(stop_training=False))
    for epoch, losses in enumerate(epochs):
        steps.on_epoch_begin(epoch)
        means = np.cumsum(losses, dtype=np.float32) / np.arange(1, count + 1, dtype=np.float32)
        for step, mean in enumerate(means):
            steps.on_train_batch_end(step, {"loss": mean})
        steps.on_epoch_end(epoch)
    return record, told, steps


def calm(count=300):
    return np.random.default_rng(0).normal(0.1, 0.02, count).clip(0.01)


def test_a_leap_names_the_examples_of_its_batch():
    losses = calm()
    losses[200] = 5.0

    record, told, _ = seen(losses, of_examples=losses)

    assert record.notes == [
        [
            "epoch 1, step 201",
            f"the loss leaps from {np.median(losses[150:251]):.3g} to 5; of its batch, the highest "
            "losses now have photo 200; the inputs that stand out, photo 200",
        ]
    ]
    assert told.notes == [f"{when}: {what}" for when, what in record.notes]


@pytest.mark.parametrize(
    "losses",
    [
        pytest.param(calm(), id="noise"),
        pytest.param(np.linspace(3.0, 0.1, 300), id="a fall"),
        pytest.param(np.where(np.arange(300) == 200, 0.6, calm()), id="below a guess"),
        pytest.param(np.where(np.arange(300) % 10 == 0, 3.0, 2.5), id="nothing learned yet"),
    ],
)
def test_what_is_no_leap_is_left_alone(losses):
    record, _, steps = seen(losses, of_examples=losses)

    assert record.notes == []
    assert steps.lost is None


def test_no_more_than_a_few_are_named():
    losses = calm()
    losses[[30, 90, 150, 210, 270]] = [5, 9, 6, 7, 8]

    record, _, _ = seen(losses, of_examples=losses)

    assert [when for when, _ in record.notes] == [
        "epoch 1, step 91", "epoch 1, step 271", "epoch 1, step 211"
    ]  # fmt: skip


def test_an_example_that_is_far_off_is_named_by_a_real_training():
    """Once the others are learned, the one whose values are large has a loss as if none were."""
    data = points(train=480)
    far = np.array(data.train.input)
    far[123] = [400.0, -399.0]
    wrong = np.array(data.train.target)
    wrong[123] = 0
    train = Split(SCHEMA, {"point": far, "label": wrong})
    told = Told()

    fitted(
        Data(train, data.validation, data.augmentation, data.ready), told,
        epochs=6, batch_size=4, learning_rate=0.01,
    )  # fmt: skip

    assert told.notes
    assert all("example 123 of train" in one for one in told.notes)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (17, "no numbers are in photo 17"),
        (None, "a lower train.learning_rate, a warm-up or clipnorm keeps it finite"),
    ],
)
def test_a_loss_that_is_no_number_is_explained_by_its_step(wrong, why):
    losses, inputs = calm(60), np.zeros((60, 2), np.float32)
    losses[17:] = np.nan
    if wrong is not None:
        inputs[wrong] = np.inf

    *_, steps = seen(losses, inputs=inputs)

    assert steps.lost.startswith("the loss is not a number from step 18 of epoch 1 on")
    assert why in steps.lost
    assert steps.model.stop_training
    with pytest.raises(StopIteration):  # as Keras is told, in the thread that trains
        steps.on_train_batch_begin(18)


def test_a_loss_that_grows_is_stopped():
    *_, steps = seen(np.linspace(8, 12, 60), np.linspace(13, 30, 60))

    assert steps.lost.startswith("the loss grows, to 27.3, of 0.7 for a guess; a lower train.")
    assert steps.model.stop_training


@pytest.mark.parametrize(
    "epochs",
    [
        pytest.param((np.linspace(12, 8, 60), np.linspace(30, 13, 60)), id="it falls"),
        pytest.param((np.linspace(0.1, 0.2, 60), np.linspace(0.3, 3, 60)), id="still near a guess"),
        pytest.param((np.linspace(800, 900, 60),), id="a first epoch"),
    ],
)
def test_a_loss_that_may_recover_is_not(epochs):
    *_, steps = seen(*epochs)

    assert steps.lost is None
    assert not steps.model.stop_training


LOST = """
from components.fitting.diverged import Diverged
from tests.fitting.jax import on_jax
from tests.fitting.made import points
from tests.fitting.supervised.test_steps import fitted
for turn in range(5):
    try:
        fitted(points(train=960), optimizer="SGD", learning_rate=1e30)
    except Diverged as error:
        assert "the loss is not a number from step" in str(error), error
    else:
        raise AssertionError("it has not diverged")
"""


def test_on_jax_a_loss_that_is_no_number_is_told_too():
    """Whose arrays are given away from step to step, whatever the thread that is told does."""
    on_jax(LOST)
