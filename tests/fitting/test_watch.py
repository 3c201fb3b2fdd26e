"""Who is told how a fit goes."""

import pytest

from components.base.errors import Stop
from components.fitting.watch import Built, Curves, Watch, Watcher, Work

WORK = Work(epochs=3, steps=5, examples=70)


class Told(Watcher):
    """Remembers in a list of all what it is told, and by whom.

    Args:
        said: The list.
        name: Its own.
        ends: Whether it ends the fit.
    """

    def __init__(self, said, name, ends=False):
        self.said, self.name, self.ends = said, name, ends

    def begin(self, work):
        self.said.append((self.name, work))

    def step(self):
        self.said.append((self.name, "step"))

    def epoch(self, number, values):
        self.said.append((self.name, number, values))
        return self.ends

    def end(self):
        self.said.append((self.name, "end"))


def test_all_are_told_in_their_order():
    said = []
    watch = Watch(Told(said, "first"), Told(said, "second"))

    watch.begin(WORK)
    watch.step()
    is_over = watch.epoch(0, {"loss": 1.0})
    watch.end()

    assert not is_over
    assert said == [
        ("first", WORK),
        ("second", WORK),
        ("first", "step"),
        ("second", "step"),
        ("first", 0, {"loss": 1.0}),
        ("second", 0, {"loss": 1.0}),
        ("first", "end"),
        ("second", "end"),
    ]


@pytest.mark.parametrize("ends", [(True, False), (False, True), (True, True)])
def test_one_is_enough_to_end_a_fit_and_the_others_are_told_of_the_epoch_too(ends):
    said = []
    watch = Watch(*(Told(said, name, over) for name, over in zip("ab", ends, strict=True)))

    assert watch.epoch(1, {"loss": 0.5}) is True
    assert said == [("a", 1, {"loss": 0.5}), ("b", 1, {"loss": 0.5})]


def test_nobody_needs_to_watch_and_whoever_does_may_care_for_nothing():
    for watch in (Watch(), Watch(Watcher())):
        watch.begin(WORK)
        watch.step()
        assert watch.epoch(0, {}) is False
        watch.end()


def test_what_is_called_when_all_is_built_is_called_once_and_may_refuse():
    calls = []
    watch = Watch(Built(lambda: calls.append("built")))

    watch.begin(WORK)
    watch.step()
    watch.epoch(0, {"loss": 1.0})
    watch.end()

    assert calls == ["built"]

    def refuse():
        raise Stop("not known")

    said = []
    with pytest.raises(Stop, match=r"^not known$"):
        Watch(Built(refuse), Told(said, "after")).begin(WORK)
    assert said == []


def test_curves_are_handed_on_with_the_epoch_as_their_step():
    logged = []
    curves = Curves(lambda values, step: logged.append((step, values)))

    assert [curves.epoch(number, {"loss": 2.0 - number}) for number in range(2)] == [False, False]
    assert logged == [(0, {"loss": 2.0}), (1, {"loss": 1.0})]
