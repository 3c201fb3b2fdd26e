"""A user's learner: how often each class is, whatever an example looks like."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from components.base.files import read_json, write_json
from components.config.section import NonNegativeFloat
from components.config.train import Learner
from components.fitting.estimate import Estimate
from components.fitting.predictor import describe
from components.fitting.watch import Work


class Shares(Learner):
    """The share of each class in the train split."""

    gives = "shares"

    smoothing: NonNegativeFloat = 0.0
    """Added to the count of each class."""

    def trial(self, file, few, counts, augmentation):
        """Costs nothing."""
        return Estimate()

    def room(self, file, few):
        """There is always room."""

    def fit(self, file, data, seed, watch):
        """Counts."""
        watch.begin(Work(1, 1, len(data.train)))
        classes = len(data.train.schema.target.names)
        counts = np.bincount(np.asarray(data.train.target[:]), minlength=classes) + self.smoothing
        shares = counts / counts.sum()
        history = {"loss": [float(-np.log(shares[data.train.target[:]]).mean())]}
        watch.step()
        watch.epoch(0, {"loss": history["loss"][0]})
        watch.end()
        return Fitted(shares.tolist(), history)


@dataclass(frozen=True)
class Fitted:
    """What is known of the classes."""

    shares: list[float]
    history: dict[str, list[float]]
    best: int = 0
    numbers: dict[str, Any] = field(default_factory=dict)

    def save(self, folder: Path) -> None:
        """Writes the shares."""
        write_json(self.shares, folder / "shares.json")
        describe("own_learner", folder)


class Predictor:
    """Says the same of every example."""

    def __init__(self, shares):
        self.shares = shares

    def predict(self, split):
        """The shares, for each example."""
        return np.tile(np.array(self.shares, np.float32), (len(split), 1))


def load(folder):
    """What is in a folder."""
    return Predictor(read_json(folder / "shares.json"))


def package(trained, examples, folder):
    """Copies the shares, and says how many examples it was given."""
    folder.mkdir()
    write_json(read_json(trained / "shares.json"), folder / "shares.json")
    write_json(len(examples), folder / "examples.json")
