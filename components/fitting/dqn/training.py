"""A run of deep Q-learning."""

from dataclasses import asdict, dataclass, field
from typing import Any

import keras
import numpy as np

from components.config.building import build
from components.data import rollout
from components.data.environment import Environment
from components.fitting.diverged import Diverged
from components.fitting.dqn import Dqn, Goal
from components.fitting.dqn.episodes import Episodes
from components.fitting.dqn.learner import Learner
from components.fitting.dqn.policy import Greedy
from components.fitting.dqn.replay import Replay
from components.fitting.state import Saved, State, numbered

EXPLORATION, REPLAY = 0, 1  # streams of random numbers; episodes.py has the third


@dataclass
class Curves:
    """A value for each evaluation."""

    step: list[int] = field(default_factory=list)
    train_return: list[float] = field(default_factory=list)
    """Mean of the latest training episodes; NaN before the first one ends."""
    loss: list[float] = field(default_factory=list)
    """Mean since the evaluation before; NaN before the first update."""
    val_return: list[float] = field(default_factory=list)
    """Mean of the validation episodes."""

    @property
    def history(self) -> dict[str, list[float]]:
        """The learning curves, by their names."""
        return {"loss": self.loss, "return": self.train_return, "val_return": self.val_return}

    @property
    def epochs(self) -> tuple[dict[str, float], ...]:
        """The learning curves at each evaluation."""
        rows = zip(*self.history.values(), strict=True)
        return tuple(dict(zip(self.history, row, strict=True)) for row in rows)


class Training:
    """A run of deep Q-learning, round by round."""

    def __init__(
        self, settings: Dqn, task: Goal, network: keras.Model, optimizer: Any, seed: int
    ) -> None:
        _check(task.env_id, network)
        self.settings, self.task, self.network, self.seed = settings, task, network, seed
        self.learner = Learner(network, task.discount, settings.double, settings.reward_scale)
        self.learner.compile(optimizer=optimizer, loss=build(settings.loss))
        optimizer.build(self.learner.trainable_variables)
        self.replay = Replay(settings.replay, network.input_shape[-1])
        self.episodes = Episodes(task.env_id, settings.environments, task.train, seed)
        self.policy = Greedy(network)
        self.step, self.curves = 0, Curves()
        self.losses: list[float] = []
        self.best, self.best_weights = 0, network.get_weights()

    def advance(self) -> bool:
        """Collects transitions, learns from all; whether an evaluation followed."""
        settings = self.settings
        for _ in range(settings.train_every // settings.environments):
            self._explore()
        if self.step >= settings.starts:
            self._update()
        if self.step % settings.target_every == 0:
            self.learner.copy()
        if is_due := self.step % settings.evaluate_every == 0 or self.step >= settings.steps:
            self._evaluate()
        return is_due

    def save(self, state: State) -> None:
        """Keeps where it is."""
        arrays = dict(numbered("variable", self._variables()))
        arrays |= numbered("best", self.best_weights)
        size = self.replay.size  # what is behind has not been written
        arrays |= {f"replay_{name}": one[:size] for name, one in self.replay.arrays.items()}
        facts = {name: getattr(self, name) for name in ("step", "losses", "best")}
        position = {"position": self.replay.position}
        state.write(
            arrays,
            {**facts, **position, "curves": asdict(self.curves), "episodes": self.episodes.facts},
        )

    def restore(self, saved: Saved) -> None:
        """Goes on where another one was."""
        facts = saved.facts
        self.step, self.losses, self.best = (facts[key] for key in ("step", "losses", "best"))
        self.curves = Curves(**facts["curves"])
        self.episodes.restore(facts["episodes"])
        for variable, value in zip(self._variables(), saved.numbered("variable"), strict=True):
            variable.assign(value)
        self.best_weights = saved.numbered("best")
        self.replay.restore(
            {name: saved.arrays[f"replay_{name}"] for name in self.replay.arrays},
            facts["position"],
        )

    def _variables(self) -> list[Any]:
        return [*self.learner.variables, *self.learner.optimizer.variables]

    def _explore(self) -> None:
        count = self.settings.environments
        random = np.random.default_rng((self.seed, EXPLORATION, self.step))
        is_random = random.random(count) < self.settings.share(self.step)
        actions = random.integers(0, self.network.output_shape[-1], count)
        if not is_random.all():
            actions = np.where(is_random, actions, self.policy(self.episodes.observations))
        self.replay.add(self.episodes.step(actions))
        self.step += count

    def _update(self) -> None:
        settings = self.settings
        random = np.random.default_rng((self.seed, REPLAY, self.step))
        batches = self.replay.sample(settings.updates * settings.batch_size, random)
        # One call of `fit` for all: a call of `train_on_batch` costs as much as three to ten steps.
        history = self.learner.fit(
            batches, batch_size=settings.batch_size, shuffle=False, verbose=0
        ).history
        self.losses.append(float(history["loss"][0]))
        if not np.isfinite(self.losses[-1]):
            raise Diverged(
                f"the loss is not a number at step {self.step}; a lower learning rate, a smaller "
                "discount or clipnorm keeps it finite"
            )

    def _evaluate(self) -> None:
        found = rollout.returns(self.task.env_id, self.policy, self.task.validation)
        latest = self.episodes.returns
        self.curves.step.append(self.step)
        self.curves.train_return.append(float(np.mean(latest)) if latest else np.nan)
        self.curves.loss.append(float(np.mean(self.losses)) if self.losses else np.nan)
        self.curves.val_return.append(float(found.mean()))
        self.losses = []
        # Of equal ones the later: it has learnt from more.
        if self.curves.val_return[-1] >= max(self.curves.val_return):
            self.best = len(self.curves.step) - 1
            self.best_weights = self.network.get_weights()


def _check(env_id: str, network: keras.Model) -> None:
    environment = Environment(env_id)
    needed = ((None, environment.features), (None, environment.actions))
    if (network.input_shape, network.output_shape) != needed:
        raise ValueError(
            f"{env_id} needs a network from {needed[0]} to {needed[1]}; this one goes from "
            f"{network.input_shape} to {network.output_shape}"
        )
