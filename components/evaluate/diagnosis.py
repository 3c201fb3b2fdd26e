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
from components.fitting.looks import EXPLODED, VANISHED, passage

Floats = NDArray[np.float64]

# All thresholds were fixed on trainings of MNIST and of one table, ETTh2, that were made ill
# (benchmarks/diagnosis.py).
ENOUGH = 3  # epochs, with fewer of which nothing is read
DIED = 0.85  # of the units of a layer, more than at the start
RISE, RISES = 0.002, 0.25  # of a loss, more than noise; of the epochs, more than now and then
LITTLE = 0.3  # of a guess's loss, above which little was learned
CHANCE, STILL = 0.97, 0.01  # of a guess's loss: that of chance, and no movement
STRAIGHT = 0.45  # of the fall on the first half of the way, in the second
SLOW = 0.45  # of a guess's loss, above which a straight fall is too slow
BEHIND = 0.4  # the same, where the range test says so
LOW, FAR = 30.0, 300.0  # times the rate, which the range test suggests
DECAYED, EARLY, FROZEN = 0.2, 0.4, 0.15  # of the highest rate; of the epochs; of the loss
LATE, WORSE = 0.75, 1.04  # of the epochs; of the lowest loss: past its best
APART, GAP = 0.5, 0.05  # of the loss of validation; of a share such as the accuracy
FLAT, NOISY, KEPT = 0.05, 0.04, 0.5  # of the loss, twice; of the highest rate
KNOWN, APART_BY = 0.2, 0.1  # of the loss of validation; a gap, with which all is known by heart
POOR, LEVEL, DONE = 0.15, 1.15, 0.05  # of a guess's loss; of that of training; of itself
BY_HEART = 0.25  # of a guess's loss, below which there is room for what is to be learned
FALLS, GOING = 0.04, 0.3  # of the loss, in the last quarter; of the highest rate


@dataclass(frozen=True)
class Curves:
    """The loss of a training, epoch by epoch, without what regularizers of weights add."""

    train: Floats
    validation: Floats
    rate: Floats
    """The mean learning rate of each; all alike where nothing is known of it."""
    guess: float
    """The loss of an answer that does not look at its input."""
    best: int
    """Position of the epoch that is kept."""
    gap: float
    """Of the kept epoch, by how much a share leads in training: such as the accuracy, or where
    there is none that of a guess's loss which is explained; of squares, that is R²."""
    room: float
    """Times the highest rate, that the range test suggests; 1 where there was none."""
    by_heart: float | None
    """The loss to which two batches were learned, as a share of a guess's; None: not tried."""
    is_blocked: bool
    """Whether gradients vanish or explode on their way to the first layer, at the start."""
    died: float
    """Share of the units of a layer that give 0 whatever they are given, and did not at first."""

    @classmethod
    def of(
        cls,
        history: Mapping[str, Sequence[float]],
        learned: Mapping[str, Any],
        shares: Sequence[str] = (),
    ) -> "Curves":
        """From the columns of a history, and what `train` has written beside them.

        Args:
            history: A value an epoch.
            learned: `best`, and perhaps `guess`, `decay`, `suggested_rate`, `by_heart`, `layers`.
            shares: Columns, 1 at best.
        """
        decay = np.array(learned.get("decay") or np.zeros(len(history["loss"]) + 1), float)
        train = np.array(history["loss"], float) - (decay[:-1] + decay[1:]) / 2
        validation = train
        if "val_loss" in history:
            validation = np.array(history["val_loss"], float) - decay[1:]
        rate = np.array(history.get("learning_rate", np.ones(len(train))), float)
        guess, best = learned.get("guess") or float(train[0]), learned["best"]
        gaps = [history[name][best] - history[f"val_{name}"][best] for name in shares]
        if not gaps and guess > 0:
            gaps = [float(validation[best] - train[best]) / guess]
        room = float((learned.get("suggested_rate") or rate.max()) / rate.max())
        looks = learned.get("layers") or ()
        gap, by_heart = max(gaps, default=0.0), learned.get("by_heart")
        return cls(
            train, validation, rate, guess, best, gap, room, by_heart,
            _is_blocked(looks), _died(looks),
        )  # fmt: skip

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


def _died(looks: Sequence[Mapping[str, Any]]) -> float:
    dead = np.array([[row["dead"] or 0 for row in look["layers"]] for look in looks], float)
    return float((dead - dead[0]).max()) if dead.size else 0.0


def _is_blocked(looks: Sequence[Mapping[str, Any]]) -> bool:
    times = passage(looks[0]["layers"]) if looks else None
    return times is not None and not VANISHED <= times < EXPLODED


def _too_far(one: Curves) -> str | None:
    if one.died > DIED:
        return f"{one.died:.0%} of the units of a layer have died, and give 0 for every example"
    if one.is_blocked or one.rises < RISES or one.train[-1] < LITTLE * one.guess:
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
    if one.room > LOW or first < ENOUGH:
        return None
    if not one.is_blocked and np.ptp(start[1:]) > STILL * one.guess:  # the first is on its way
        return None
    why = ": gradients do not come through to the first layer" if one.is_blocked else ""
    return (
        f"the training loss stays at {np.median(start):.3g} for the first {first} epochs, where a "
        f"guess has it{why}"
    )


def _too_slow(one: Curves) -> str | None:
    if one.rises > 0.1 or one.train[-1] < BEHIND * one.guess:
        return None
    if one.room > FAR and one.fallen(one.train, 0.25) > FALLS:
        return (
            f"the training loss still falls, and is at {one.train[-1]:.3g} after {one.count} "
            f"epochs, of {one.guess:.3g} for a guess; the range test suggests {one.room:,.0f} "
            "times the rate"
        )
    way = np.cumsum(one.rate)
    half = float(np.interp((way[0] + way[-1]) / 2, way, one.train))
    is_straight = half - one.train[-1] > STRAIGHT * (one.train[0] - half)
    is_worse = one.train[-1] > one.guess  # than a guess: it began far above one, and is on its way
    if one.train[-1] < SLOW * one.guess or not (is_straight or is_worse):
        return None
    how = "in a straight line" if is_straight else "in every epoch"
    return (
        f"the training loss falls {how}, and is at {one.train[-1]:.3g} after {one.count} epochs, "
        f"of {one.guess:.3g} for a guess"
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
    is_known = one.train[-1] < KNOWN * one.validation[-1] or one.gap > APART_BY
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
    if one.fallen(one.train, 0.25) > DONE or (one.by_heart or 1) < BY_HEART:
        return None
    why = f"; two batches were learned to {one.by_heart:.0%} of it" if one.by_heart else ""
    return (
        f"training and validation end level, at a loss of {one.train[-1]:.3g} and {last:.3g}, of "
        f"{one.guess:.3g} for a guess{why}"
    )


def _falls(one: Curves) -> str | None:
    fall = one.fallen(one.validation, 0.25)
    if fall < FALLS or one.kept < GOING or one.best + 1 < 0.9 * one.count:
        return None
    return f"in the last quarter of the epochs the validation loss still falls by {fall:.0%}"


RULES: Mapping[Illness, Callable[[Curves], str | None]] = {
    "rate too high": _too_far,
    "bad initialization": _flat,
    "decay too early": _frozen,
    "plateau": _unsteady,
    "overfitting": _apart,
    "underfitting": _level,
    "rate too low": _too_slow,
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
        learned: What `train` has written: what `Curves.of` takes, `notes`, `remedies`, `seeds`.
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
    found = illness(Curves.of(history, learned, shares))
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
