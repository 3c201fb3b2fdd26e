"""A pipeline file of an agent, made tiny, and the seeds that it learns from."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from components.config.pipeline import Pipeline
from components.data.dataset import Split
from components.data.features.seed import Seed
from components.data.schema import Schema
from components.fitting.data import Data
from components.fitting.dqn.fit import Fitted, built, fit, goal_of, optimizer, settings_of
from components.fitting.dqn.training import Training
from components.fitting.watch import Watch, Watcher

TRAIN: dict[str, Any] = {
    "learner": "dqn",
    "steps": 512,
    "starts": 64,
    "replay": 300,
    "batch_size": 16,
    "environments": 4,
    "train_every": 64,
    "updates": 4,
    "target_every": 128,
    "evaluate_every": 128,
    "epsilon_steps": 256,
    "learning_rate": 1e-2,
}


def pipeline(environment: str = "CartPole-v1", **train: Any) -> Pipeline:
    """A checked file, with parts of `train` of one's own."""
    return Pipeline.model_validate(
        {
            "version": 1,
            "description": "a pole",
            "task": "control",
            "ingest": {"source": "gymnasium", "id": environment},
            "model": {"architecture": "mlp", "units": [16]},
            "train": {**TRAIN, **train},
            "register": {"name": "pole"},
        }
    )


def split(seeds: Any, environment: str = "CartPole-v1") -> Split:
    """Episodes."""
    return Split(Schema({"seed": Seed(environment)}), {"seed": np.array(seeds, np.int64)})


def episodes(environment: str = "CartPole-v1") -> Data:
    """Fifty episodes to learn from, and three others that choose."""
    train, validation = (split(seeds, environment) for seeds in (range(50), range(50, 53)))
    return Data(train, validation, None, Path())


def fitted(*watchers: Watcher, **train: Any) -> Fitted:
    """What comes of the tiny file."""
    return fit(pipeline(**train), episodes(), 7, Watch(*watchers))


def training(**train: Any) -> Training:
    """A run of the tiny file that has not begun."""
    file = pipeline(**train)
    keras.utils.set_random_seed(7)
    network = built(file, "CartPole-v1")
    settings = settings_of(file)
    return Training(settings, goal_of(file, episodes()), network, optimizer(settings), 7)
