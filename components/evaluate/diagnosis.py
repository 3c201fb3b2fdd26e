"""Learning curves, read in words.

References:
    Goodfellow, Bengio, Courville, Deep Learning (2016), section 11.3; Karpathy, CS231n, Neural
    Networks Part 3, for what the shape of a curve tells of the rate.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.base.words import yaml_of
from components.config.task import Metric
from components.config.train import Illness

Floats = NDArray[np.float64]

# All thresholds were fixed on trainings of MNIST that were made ill (benchmarks/diagnosis.py).
ENOUGH = 3  # epochs, with fewer of which nothing is read
RISE, RISES = 0.002, 0.25  # of a loss, more than noise; of the epochs, more than now and then
LITTLE = 0.3  # of a guess's loss, above which little was learned
CHANCE, STILL = 0.97, 0.01  # of a guess's loss: that of chance, and no movement
STRAIGHT = 0.45  # of the fall on the first half of the way, in the second
SLOW = 0.45  # of a guess's loss, above which a straight fall is too slow
DECAYED, EARLY, FROZEN = 0.2, 0.4, 0.15  # of the highest rate; of the epochs; of the loss
LATE, WORSE = 0.75, 1.04  # of the epochs; of the lowest loss: past its best
APART, GAP = 0.5, 0.05  # of the loss of validation; of a share such as the accuracy
FLAT, NOISY, KEPT = 0.05, 0.04, 0.5  # of the loss, twice; of the highest rate
KNOWN = 0.2  # of the loss of validation, below which the examples are known by heart
POOR, LEVEL, DONE = 0.2, 1.15, 0.03  # of a guess's loss; of that of training; of itself
FALLS, GOING = 0.04, 0.3  # of the loss, in the last quarter; of the highest rate


@dataclass(frozen=True)
class Curves:
    """The loss of a training, epoch by epoch."""

    train: Floats
    validation: Floats
    rate: Floats
    """The mean learning rate of each; all alike where nothing is known of it."""
    guess: float
    """The loss of an answer that does not look at its input."""
    best: int
    """Position of the epoch that is kept."""
    gap: float
    """Of the kept epoch, by how much a share such as the accuracy leads in training."""

    @classmethod
    def of(
        cls,
        history: Mapping[str, Sequence[float]],
        best: int,
        guess: float | None,
        shares: Sequence[str],
    ) -> "Curves":
        """From the columns of a history."""
        train = np.array(history["loss"], float)
        validation = np.array(history.get("val_loss", history["loss"]), float)
        rate = np.array(history.get("learning_rate", np.ones(len(train))), float)
        gaps = [history[name][best] - history[f"val_{name}"][best] for name in shares]
        return cls(train, validation, rate, guess or float(train[0]), best, max(gaps, default=0.0))

    @property
    def count(self) -> int:
        """Epochs."""
        return len(self.train)

    @cached_property
    def rises(self) -> float:
        """Share of the epochs after which the loss of training is higher than before."""
        return float((np.diff(self.train) > RISE * self.train[:-1]).mean())

    @property
    def kept(self) -> float:
        """The rate of the last epoch, as a share of the highest."""
        return float(self.rate[-1] / self.rate.max())

    def fallen(self, curve: Floats, share: float) -> float:
        """By how much of itself a curve has fallen in the last share of the epochs."""
        before = curve[-1 - max(1, round(share * self.count))]
        return float(1 - curve[-1] / before)


def _erratic(one: Curves) -> str | None:
    if one.rises < RISES or one.train[-1] < LITTLE * one.guess:
        return None
    rises = round(one.rises * (one.count - 1))
    return (
        f"the training loss rises in {rises} of {one.count - 1} epochs and ends at "
        f"{one.train[-1]:.3g}, of {one.guess:.3g} for a guess"
    )


def _flat(one: Curves) -> str | None:
    below = np.flatnonzero(one.train < CHANCE * one.guess)
    first = int(below[0]) if len(below) else one.count
    start = one.train[:first]
    if first < ENOUGH or np.ptp(start[1:]) > STILL * one.guess:  # the first is still on its way
        return None
    return (
        f"the training loss stays at {start[-1]:.3g} for the first {first} epochs, where a guess "
        "has it"
    )


def _straight(one: Curves) -> str | None:
    way = np.cumsum(one.rate)
    half = float(np.interp((way[0] + way[-1]) / 2, way, one.train))
    is_straight = half - one.train[-1] > STRAIGHT * (one.train[0] - half)
    if one.rises > 0.1 or one.train[-1] < SLOW * one.guess or not is_straight:
        return None
    return (
        f"the training loss falls in a straight line, and is at {one.train[-1]:.3g} after "
        f"{one.count} epochs, of {one.guess:.3g} for a guess"
    )


def _frozen(one: Curves) -> str | None:
    low = np.flatnonzero(one.rate <= DECAYED * one.rate.max())
    # A warm-up is low, too, and comes before the highest.
    low = low[low >= np.argmax(one.rate)]
    if not len(low) or low[0] > EARLY * one.count:
        return None
    after = int(low[0])
    fall = 1 - one.validation[-1] / one.validation[after]
    if fall > FROZEN or one.train[-1] < APART * one.validation[-1]:
        return None
    return (
        f"the rate falls to {one.rate[after] / one.rate.max():.0%} after {after} of "
        f"{one.count} epochs, and the validation loss by no more than {max(0, fall):.0%} after that"
    )


def _apart(one: Curves) -> str | None:
    lowest = one.validation.min()
    is_past = one.best + 1 <= LATE * one.count and one.validation[-1] > WORSE * lowest
    is_learned = one.train[-1] < APART * lowest
    if is_past and is_learned:
        return (
            f"the validation loss is lowest in epoch {one.best + 1} and {one.validation[-1]:.3g} "
            f"at the end, when that of training is {one.train[-1]:.3g}"
        )
    if one.gap > GAP:
        return f"training leads validation by {one.gap:.3f}"
    return None


def _unsteady(one: Curves) -> str | None:
    third = one.count // 3
    if third < 2 or one.kept < KEPT:
        return None
    last, before = one.validation[-third:], one.validation[-2 * third : -third]
    noise = float(np.std(np.diff(one.validation[-2 * third :]) / one.validation[1 - 2 * third :]))
    is_known = one.train[-1] < KNOWN * one.validation[-1]
    if noise < NOISY or is_known or np.median(last) < (1 - FLAT) * np.median(before):
        return None
    return (
        f"the validation loss goes up and down by {noise:.0%} from epoch to epoch, and is no lower "
        f"in the last third of the epochs than before, at {one.kept:.0%} of the highest "
        "rate"
    )


def _level(one: Curves) -> str | None:
    last = one.validation[-1]
    if last < POOR * one.guess or last > LEVEL * one.train[-1]:
        return None
    if one.fallen(one.train, 0.25) > DONE:
        return None
    return (
        f"training and validation end level, at a loss of {one.train[-1]:.3g} and {last:.3g}, of "
        f"{one.guess:.3g} for a guess"
    )


def _falls(one: Curves) -> str | None:
    fall = one.fallen(one.validation, 0.25)
    if fall < FALLS or one.kept < GOING or one.best + 1 < 0.9 * one.count:
        return None
    return f"in the last quarter of the epochs the validation loss still falls by {fall:.0%}"


RULES: Mapping[Illness, Callable[[Curves], str | None]] = {
    "rate too high": _erratic,
    "bad initialization": _flat,
    "decay too early": _frozen,
    "plateau": _unsteady,
    "overfitting": _apart,
    "underfitting": _level,
    "rate too low": _straight,
    "still improving": _falls,
}
"""In the order in which they are asked: the first one that applies explains what the later see."""


def illness(curves: Curves) -> tuple[Illness, str] | None:
    """What a training suffers from, and the evidence; None where nothing is seen.

    Of losses that go down to 0 or below, nothing is read: shares of them tell nothing.
    """
    both = np.array([curves.train, curves.validation])
    if curves.count < ENOUGH or not np.isfinite(both).all() or both.min() <= 0:
        return None
    found = ((name, evidence) for name, rule in RULES.items() if (evidence := rule(curves)))
    return next(found, None)


ADVICE: Mapping[Illness, str] = {
    "rate too high": "a lower learning rate, or a warm-up",
    "bad initialization": "batch normalization, relu, or another initializer",
    "rate too low": "a higher learning rate",
    "decay too early": "a schedule that falls later",
    "plateau": "a schedule that falls",
    "overfitting": "more examples, augmentation, dropout or weight decay, or a smaller model",
    "underfitting": "a larger model, or features that tell more",
    "still improving": "more epochs",
}
"""What helps, where the learner knows no value to try."""


def _spreads(
    seeds: Mapping[str, Mapping[str, float]],
) -> Iterator[tuple[str, tuple[float, float, float]]]:
    """Those that are measured on the validation split."""
    for name, one in seeds.items():
        if name.startswith("val_"):
            yield name, (one["value"], one["low"], one["high"])


@dataclass(frozen=True)
class Reading:
    """What there is to say of a training."""

    kept: str
    """Which epoch."""
    rows: Sequence[tuple[str, str]] = ()
    """What is said, and what of."""
    illness: str | None = None
    """What the curves tell."""

    @property
    def title(self) -> str:
        """In a few words."""
        return f"{self.kept}; {self.illness}" if self.illness else self.kept

    @property
    def text(self) -> str:
        """All of it."""
        return "; ".join([self.kept, *(f"{what}: {said}" for what, said in self.rows)])


def read(
    learned: Mapping[str, Any],
    history: Mapping[str, Sequence[float]],
    curves: Sequence[Metric],
    file: str,
) -> Reading:
    """What the curves say, and what to try.

    Args:
        learned: What `train` has written: `best`, `guess`, `notes`, `remedies` and `seeds`.
        history: A value an epoch, `val_` before the names of those of the validation split.
        curves: Of the task; those that are shares, 1 at best, tell more than the loss.
        file: The path of the pipeline file.
    """
    best = learned["best"]
    kept = f"epoch {best + 1} of {max(map(len, history.values()))} is kept"
    rows = [(when, what) for when, what in learned.get("notes", ())]
    rows += [
        (f"{name.replace('_', ' ')} over the seeds", f"{value:.4f}, {low:.4f} to {high:.4f} (95 %)")
        for name, (value, low, high) in _spreads(learned.get("seeds", {}))
    ]
    shares = [one.name for one in curves if one.highest == 1 and f"val_{one.name}" in history]
    found = illness(Curves.of(history, best, learned.get("guess"), shares))
    if found is None:
        return Reading(kept, rows)
    name, evidence = found
    rows.append((name, evidence))
    key, value = learned.get("remedies", {}).get(name, (None, None))
    if key is None:
        rows.append(("to try", ADVICE[name]))
    else:
        rows.append(("to try", f"{key}: {yaml_of(value)}"))
        rows.append(("by", f"dvc exp run -S '{file}:++{key}={yaml_of(value)}'"))
    return Reading(kept, rows, name)
