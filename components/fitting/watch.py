"""What is told how a fit goes: one list for every learner."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from components.fitting.state import State


@dataclass(frozen=True)
class Work:
    """What there is to do, known before the first step."""

    epochs: int
    steps: int
    """In an epoch."""
    examples: int
    """In an epoch."""
    past: tuple[Mapping[str, float], ...] = ()
    """The learning curves of each epoch that was done before this process."""
    first: int = 0
    """Steps that were done of the epoch after these."""

    @property
    def done(self) -> int:
        """Epochs that were done before this process."""
        return len(self.past)


class Watcher:
    """One that is told; what it does not care for, it leaves out."""

    def built(self) -> None:
        """Everything is built, and no step made, not even on trial."""

    def note(self, text: str) -> None:
        """Something is strange, and the fit goes on."""

    def begin(self, work: Work) -> None:
        """The epochs that were done are told again, then comes the first step."""

    def step(self) -> None:
        """A step was made."""

    def values(self, values: Mapping[str, float], step: int) -> None:
        """What else there is to follow, such as the loss of a step, by name."""

    def epoch(self, number: int, values: Mapping[str, float]) -> bool:
        """An epoch has ended; True ends the fit.

        Args:
            number: Of the epoch, from 0.
            values: The learning curves at it.
        """
        return False

    def end(self) -> None:
        """It is over."""


class Watch(Watcher):
    """All that are told.

    Args:
        watchers: In the order in which they are told.
        state: Where the fit keeps itself.
    """

    def __init__(self, *watchers: Watcher, state: State | None = None) -> None:
        self.watchers, self.state, self.is_built = watchers, state or State(), False

    def built(self) -> None:
        """Tells all, once."""
        if not self.is_built:
            self.is_built = True
            for one in self.watchers:
                one.built()

    def note(self, text: str) -> None:
        """Tells all."""
        for one in self.watchers:
            one.note(text)

    def begin(self, work: Work) -> None:
        """Tells all, and the epochs that were done before."""
        self.built()
        for one in self.watchers:
            one.begin(work)
        for number, values in enumerate(work.past):
            self.epoch(number, values)

    def step(self) -> None:
        """Tells all."""
        for one in self.watchers:
            one.step()

    def values(self, values: Mapping[str, float], step: int) -> None:
        """Tells all."""
        for one in self.watchers:
            one.values(values, step)

    def epoch(self, number: int, values: Mapping[str, float]) -> bool:
        """Tells all; one of them is enough to end the fit."""
        asked = [one.epoch(number, values) for one in self.watchers]  # every one is told
        return any(asked)

    def end(self) -> None:
        """Tells all."""
        for one in self.watchers:
            one.end()


class Built(Watcher):
    """Calls when everything is built, before the first step."""

    def __init__(self, call: Callable[[], None]) -> None:
        self.call = call

    def built(self) -> None:
        """Calls."""
        self.call()


class Curves(Watcher):
    """Hands the learning curves on, as to an MLflow run.

    Args:
        log: Takes the values and `step`, the epoch counted from 0.
    """

    def __init__(self, log: Callable[..., None]) -> None:
        self.log = log

    def values(self, values: Mapping[str, float], step: int) -> None:
        """Hands them on."""
        self.log(values, step=step)

    def epoch(self, number: int, values: Mapping[str, float]) -> bool:
        """Hands them on."""
        self.values(values, number)
        return False
