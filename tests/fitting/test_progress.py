"""What is said while a model is fitted."""

import io
from functools import partial

import pytest
from rich.console import Console
from rich.progress import Progress

from components.fitting import progress
from components.fitting.progress import Shown
from components.fitting.watch import Work


class Clock:
    """Time that goes on when it is told to."""

    now = 100.0

    def monotonic(self):
        return self.now


class Memory:
    """What the process has."""

    rss = 1_234_000_000

    def memory_info(self):
        return self


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(progress.psutil, "Process", Memory)
    monkeypatch.setattr(progress, "time", made)
    return made


def watched(clock, epochs=40, steps=20):
    """A training of which each step takes 0.1 s, after two that compile; then two epochs."""
    shown = Shown("a", "val_accuracy")
    shown.begin(Work(epochs, steps, examples=640))
    for step in range(steps):
        clock.now += 5 if step < 2 else 0.1
        shown.step()
    for epoch in range(2):
        clock.now += 20
        shown.epoch(epoch, {"loss": 0.5, "accuracy": 0.7, "val_accuracy": 0.75})
    return shown


def test_where_nothing_has_begun_there_is_no_line_to_leave():
    Shown("a", "val_accuracy").end()


def test_without_a_terminal_it_says_a_line_now_and_then(clock, capsys):
    shown = watched(clock)
    shown.end()

    estimate, *later = capsys.readouterr().out.splitlines()
    assert estimate == "a: about 80 s for 40 epochs, 320 /s"
    assert later == [
        "a: epoch 2 of 40: loss 0.5000 val_accuracy 0.7500; 25 /s, 1.23 GB; at most 16 min left"
    ]
    assert shown.seconds_per_epoch == pytest.approx(51.8 / 2)


def test_one_that_goes_on_says_where_and_measures_what_it_does_itself(clock, capsys):
    shown = Shown("a", "val_accuracy")
    shown.begin(Work(40, 20, 640, past=({"loss": 1.0},) * 30, first=5))
    for epoch in range(30):
        shown.epoch(epoch, {"loss": 0.5})
    for step in range(20):
        clock.now += 5 if step < 2 else 0.2
        shown.step()
    clock.now += 60
    shown.epoch(30, {"loss": 0.25})
    shown.end()

    first, estimate, later = capsys.readouterr().out.splitlines()
    assert first == "a: goes on where it was stopped, after 30 of 40 epochs and 5 steps"
    assert estimate == "a: about 40 s for 10 epochs, 160 /s"
    assert later == "a: epoch 31 of 40: loss 0.2500; 7 /s, 1.23 GB; at most 11 min left"
    assert shown.seconds_per_epoch == pytest.approx(73.6)


def test_a_long_epoch_says_how_far_it_is(clock, capsys):
    shown = Shown("a", "val_accuracy")
    shown.begin(Work(2, 1000, examples=32_000))
    for _ in range(400):
        clock.now += 0.1
        shown.step()
    shown.end()

    estimate, later = capsys.readouterr().out.splitlines()
    assert estimate == "a: about 3 min for 2 epochs, 320 /s"
    assert later == "a: epoch 1 of 2: step 313 of 1,000; 320 /s, 1.23 GB"


def test_a_short_training_needs_no_estimate(clock, capsys):
    watched(clock, epochs=10).end()

    assert "about" not in capsys.readouterr().out


def test_on_a_terminal_one_line_is_written_over(clock, monkeypatch, capsys):
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=80, color_system=None)
    monkeypatch.setattr(progress, "Progress", partial(Progress, console=console))

    shown = watched(clock)
    shown.end()
    shown.end()

    *_, last, end = screen.getvalue().splitlines()
    assert "a: about 80 s for 40 epochs" in screen.getvalue()
    assert "epoch 2/40 " in last
    assert last.rstrip().endswith("loss 0.5000 val_accuracy 0.7500 320 /s, 1.23 GB")
    assert not end.strip("\x1b[?25h")
    assert not capsys.readouterr().out
