"""Whether steps wait for their data."""

from types import SimpleNamespace

import pytest

from components.fitting.supervised import feeding as module
from components.fitting.supervised.feeding import Feeding
from components.fitting.watch import Watch
from tests.fitting.told import Told


def fed(monkeypatch, waited, augment=None, whole=10.0, epochs=2):
    """Epochs of so many seconds, of which making batches takes some."""
    now = [0.0]
    monkeypatch.setattr(module.time, "perf_counter", lambda: now[0])
    told, batches = Told(), SimpleNamespace(seconds=0.0, augment=augment)
    feeding = Feeding(batches, Watch(told))
    for epoch in range(epochs):
        feeding.on_epoch_begin(epoch)
        now[0] += whole
        batches.seconds += waited
        feeding.on_train_batch_begin(0)
        now[0] += 100  # validation
        feeding.on_epoch_end(epoch)
    return told


@pytest.mark.parametrize(
    ("augment", "why"), [(None, "a faster disk"), (len, "copies of `augment.copies`")]
)
def test_steps_that_wait_are_told_once_with_what_helps(monkeypatch, augment, why):
    told = fed(monkeypatch, 9.8, augment)

    (note,) = told.notes
    assert note.startswith("epoch 1: making batches takes 98% of the time, and steps wait for")
    assert why in note
    assert [(step, values["data_share"]) for step, values in told.sent] == [
        (0, pytest.approx(0.98)), (1, pytest.approx(0.98))
    ]  # fmt: skip


def test_steps_that_are_fed_are_not(monkeypatch):
    assert fed(monkeypatch, 9.0).notes == []


def test_an_epoch_that_is_too_short_is_not_measured(monkeypatch):
    told = fed(monkeypatch, 0.5, whole=0.5)

    assert told.notes == told.sent == []
