"""Deep Q-learning: an agent that learns what each action is worth."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator

from components.base.errors import Problem
from components.config.section import Fraction, NonNegativeInt, PositiveFloat, PositiveInt, mistake
from components.config.train import Learner
from components.fitting.supervised import Loss, Optimizer

if TYPE_CHECKING:
    from components.config.pipeline import Pipeline

MULTIPLES = (
    ("train_every", "environments"),
    ("steps", "train_every"),
    ("target_every", "train_every"),
    ("evaluate_every", "train_every"),
)


@dataclass(frozen=True)
class Goal:
    """What is to be learned."""

    env_id: str
    """A name in Gymnasium's registry."""
    train: Sequence[int]
    """Seeds of the episodes that are learned from."""
    validation: Sequence[int]
    """Seeds of the episodes that say which network is best."""
    discount: float


class Dqn(Learner):
    """Deep Q-learning with replay and a target network, for actions that are finitely many.

    What is counted in steps are steps of the environment.
    """

    gives = "policy"

    learner: str = "dqn"
    """Deep Q-learning."""
    steps: PositiveInt = 51_200
    """Steps in all."""
    starts: NonNegativeInt = 1_000
    """Steps before the first update."""
    replay: PositiveInt = 50_000
    """Steps that are remembered."""
    batch_size: PositiveInt = 64
    """Remembered steps in one step of the optimizer."""
    environments: PositiveInt = 8
    """That go on in lock step."""
    train_every: PositiveInt = 128
    """Steps between two rounds of updates."""
    updates: PositiveInt = 64
    """Steps of the optimizer in a round."""
    target_every: PositiveInt = 128
    """Steps between two copies to the target network."""
    evaluate_every: PositiveInt = 2_560
    """Steps between two looks at the validation episodes, an epoch of the learning curves; the
    best of them is kept."""
    first_epsilon: Fraction = 1.0
    """Share of actions that are random at the start."""
    last_epsilon: Fraction = 0.04
    """Share of actions that are random in the end."""
    epsilon_steps: PositiveInt = 8_000
    """Steps over which the one falls to the other."""
    double: bool = True
    """Whether the network chooses the action that the target network values (double DQN)."""
    reward_scale: PositiveFloat = 0.05
    """Of the rewards that are learned from, so that values are near 1."""
    optimizer: Optimizer = Field("Adam")  # type: ignore[assignment]
    """A Keras optimizer."""
    learning_rate: PositiveFloat = 2e-3
    """At the start; it falls along a cosine to a twentieth."""
    loss: Annotated[Loss, Field()] = Field("Huber")  # type: ignore[assignment]
    """A Keras loss, between a value and its target."""

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        for name, of in MULTIPLES:
            if getattr(self, name) % getattr(self, of):
                raise mistake(f"must be a multiple of {of}, {getattr(self, of)}", name)
        if self.starts >= self.steps:
            raise mistake(f"nothing is learned in the {self.steps} steps before it", "starts")
        if self.replay < max(self.environments, self.batch_size):
            least = max(self.environments, self.batch_size)
            raise mistake(
                f"must have room for a batch and a step of each environment: {least}", "replay"
            )
        return self

    @property
    def monitored(self) -> str:
        """What chooses the network."""
        return "val_return"

    @property
    def allowed(self) -> int:
        """Looks at the validation episodes."""
        return -(-self.steps // self.evaluate_every)

    def share(self, step: int) -> float:
        """The share of actions that are random at a step."""
        fall = min(1.0, step / self.epsilon_steps)
        return self.first_epsilon + (self.last_epsilon - self.first_epsilon) * fall

    def problems(self, file: "Pipeline") -> Iterator[Problem]:
        """A task without an environment, layers without use, a search that counts otherwise."""
        if not hasattr(file.task, "discount"):
            yield Problem(("train", "learner"), "deep Q-learning is for the task control")
        if file.model.takes_images or file.model.gives not in ("vector", None):
            what = f"{file.model.architecture} does not take observations; use mlp"
            yield Problem(("model", "architecture"), what)
        for key, layers in (("preprocess", file.preprocess), ("augment", file.augment.layers)):
            if layers:
                yield Problem((key,), "observations go to the network as they are")
        if file.tune.epochs:
            what = "deep Q-learning counts steps; a trial has as many as train.steps"
            yield Problem(("tune", "epochs"), what)
        if file.tune.is_declared and file.tune.monitor == "val_loss":
            what = "no learning curve 'val_loss'; there are loss, return, val_return"
            yield Problem(("tune", "monitor"), what)
