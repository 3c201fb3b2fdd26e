"""What is chosen by measuring."""

from types import SimpleNamespace

import keras
import pytest

from components.fitting.diverged import Diverged
from components.fitting.supervised import suggest as module
from components.fitting.supervised.suggest import suggest
from tests.fitting.made import SECTIONS, pipeline, points


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(module, "TIMED_S", 0.01)


def told(monkeypatch, rates, data=None, **train):
    """What is suggested where these are the examples a second of each value."""
    asked = []

    def fake(self, name, value):
        asked.append((name, value))
        of = rates[name]
        return of[value].pop(0) if isinstance(of[value], list) else of[value]

    monkeypatch.setattr(module._Measuring, "_examples_a_second", fake)
    file = pipeline(train={**SECTIONS["train"], **train})
    found = suggest(file, data or points(train=400), 7)
    return {one.key: one for one in found.choices}, found, asked


EVEN = {
    "precision": {"float32": 100, "mixed_bfloat16": 100},
    "batch_size": {8: 60, 16: 100, 32: 100},
    "augment_on": {None: 100, "host": 100, "device": 100},
}


def test_a_real_training_is_measured_with_each_value(quick):
    found = suggest(pipeline(), points(train=400), 7)

    assert [one.key for one in found.choices] == [
        "train.precision", "train.batch_size", "train.learning_rate"
    ]  # fmt: skip
    columns, rows = found.tables["train.batch_size"]
    assert columns == ["batch_size", "examples/s"]
    assert [row[0] for row in rows] == ["16", "32"]  # ten steps an epoch
    assert all(float(row[1].replace(",", "")) > 0 for row in rows)
    assert len(found.told["range_test"]) > 1


def test_what_is_no_tenth_faster_stays(monkeypatch):
    found, _, _ = told(monkeypatch, EVEN)

    assert found["train.precision"].suggested == "float32"
    assert found["train.batch_size"].suggested == 16
    assert found["train.batch_size"].why == "it is fast enough"


def test_a_change_is_measured_twice(monkeypatch):
    """A machine that was slow for a moment is no reason."""
    precision = {"float32": [60, 100], "mixed_bfloat16": [100, 95]}
    found, _, asked = told(monkeypatch, {**EVEN, "precision": precision})

    assert found["train.precision"].suggested == "float32"
    assert [value for name, value in asked if name == "precision"] == [
        "float32", "mixed_bfloat16", "float32", "mixed_bfloat16"
    ]  # fmt: skip


def test_what_is_faster_twice_is_suggested_and_the_rest_measured_with_it(monkeypatch):
    precision = {"float32": 100, "mixed_bfloat16": 250}
    found, _, _ = told(monkeypatch, {**EVEN, "precision": precision})

    assert found["train.precision"].suggested == "mixed_bfloat16"
    assert found["train.precision"].why == "2.5 times as many examples a second"


def test_the_smallest_batch_that_is_fast(monkeypatch):
    sizes = {8: 30, 16: 95, 32: 100}
    found, _, _ = told(monkeypatch, {**EVEN, "batch_size": sizes}, batch_size=8)

    assert found["train.batch_size"].suggested == 16


def test_what_does_not_fit_is_left(monkeypatch):
    sizes = {16: 90, 32: 0, 64: 0}
    found, whole, _ = told(monkeypatch, {**EVEN, "batch_size": sizes}, batch_size=64)

    assert found["train.batch_size"].suggested == 16
    assert ["32", "no"] in whole.tables["train.batch_size"][1]


@pytest.mark.parametrize(
    ("schedule", "key"),
    [
        (1e-6, "train.learning_rate"),
        ({"cosine": {"initial": 1e-6}}, "train.learning_rate.cosine.initial"),
        (
            {"one_cycle": {"initial": 1e-7, "maximum": 1e-6}},
            "train.learning_rate.one_cycle.maximum",
        ),
    ],
)
def test_a_rate_that_is_far_off_gets_another_where_it_stands(monkeypatch, schedule, key):
    found, _, _ = told(monkeypatch, EVEN, learning_rate=schedule)

    assert found[key].now == 1e-6
    assert 1e-3 < found[key].suggested < 10


def test_a_rate_that_is_near_stays(monkeypatch):
    first, _, _ = told(monkeypatch, EVEN, learning_rate=1e-6)
    near = 2 * first["train.learning_rate"].suggested

    found, _, _ = told(monkeypatch, EVEN, learning_rate=near)

    assert found["train.learning_rate"].suggested == near


def test_where_to_augment_is_measured_where_there_is_a_choice(monkeypatch):
    noise = points(train=400, augment=keras.layers.GaussianNoise(0.1))
    rates = {**EVEN, "augment_on": {None: 100, "host": 150, "device": 100}}
    without, _, _ = told(monkeypatch, rates, noise)
    monkeypatch.setattr(module, "runs_on_host", lambda _: True)
    monkeypatch.setattr(module._Measuring, "_rate", lambda _: ([], 0.1))  # it is none, really

    with_it, _, _ = told(monkeypatch, rates, noise, augment_on="device")

    assert "train.augment_on" not in without
    assert with_it["train.augment_on"].suggested == "host"


def test_a_loss_that_is_no_number_is_said(monkeypatch):
    monkeypatch.setattr(module.Rehearsal, "_step", lambda *_: float("nan"))

    with pytest.raises(Diverged, match="before anything is learned"):
        told(monkeypatch, EVEN)


def test_a_step_that_finds_no_memory_is_none(monkeypatch, quick):
    file, data = pipeline(), points(train=400)
    measuring = module._Measuring(file, data, 7)

    def no_memory(*_, **__):
        raise MemoryError

    monkeypatch.setattr(keras.Sequential, "fit", no_memory)

    assert measuring._examples_a_second("batch_size", 16) == 0


@pytest.mark.parametrize("count", [40, 60, 400])
def test_of_few_examples_too_steps_are_timed(quick, count):
    """Two steps an epoch, with a shorter one; they are gone through again and again."""
    found = suggest(pipeline(train={**SECTIONS["train"], "batch_size": 32}), points(count), 7)

    _, rows = found.tables["train.batch_size"]
    assert all(row[1] != "no" for row in rows)


def test_only_whole_examples_are_counted(monkeypatch):
    batches = module.Batches(points(60).train, 16, lambda columns: columns)
    timed = module.Timed(batches)
    timed.set_model(SimpleNamespace(stop_training=False))
    for step in range(12):
        timed.on_train_batch_end(step % 4, {"loss": 1.0})

    assert timed.examples == 2 * 60  # after an epoch, which compiles


def test_a_batch_with_which_the_schedule_does_not_fit_is_not_measured(monkeypatch):
    """Of 400 examples, 12 batches of 32 in an epoch: less than the warm-up."""
    schedule = {"constant": {"initial": 0.05, "warmup": 20, "unit": "steps"}}
    _, found, asked = told(monkeypatch, EVEN, learning_rate=schedule, epochs=1)

    assert [value for name, value in asked if name == "batch_size"] == [16]
    assert found.tables["train.batch_size"][1] == [["16", "100"]]


def test_a_rate_is_said_as_the_file_has_it(monkeypatch):
    """Which is multiplied by batch_size / base_batch_size: 16 / 160."""
    plain, _, _ = told(monkeypatch, EVEN, learning_rate=1e-6)
    scaled = {"constant": {"initial": 1e-6, "base_batch_size": 160}}

    found, whole, _ = told(monkeypatch, EVEN, learning_rate=scaled)

    suggested = plain["train.learning_rate"].suggested
    assert found["train.learning_rate.constant.initial"].suggested == pytest.approx(10 * suggested)
    assert whole.told["history"]["learning_rate"] == [pytest.approx(1e-7)]


def test_a_rate_with_which_the_rest_of_the_schedule_does_not_go_stays(monkeypatch):
    schedule = {"cosine": {"initial": 1e4, "final": 1e3}}
    found, _, _ = told(monkeypatch, EVEN, learning_rate=schedule)

    choice = found["train.learning_rate.cosine.initial"]
    assert choice.suggested == choice.now == 1e4
    assert "the rest of the schedule does not go with" in choice.why


def test_a_loss_that_never_falls_suggests_no_rate(monkeypatch):
    losses = iter(range(1, 1000))
    monkeypatch.setattr(module.Rehearsal, "_step", lambda *_: float(next(losses)))

    found, _, _ = told(monkeypatch, EVEN)

    choice = found["train.learning_rate"]
    assert choice.suggested == choice.now
    assert choice.why == "at no rate has the loss fallen"
