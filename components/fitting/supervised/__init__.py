"""Learning from examples by gradients: a Keras network, an optimizer, epochs."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from components.base.errors import Problem
from components.config.models import Architecture
from components.config.section import (
    Named,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    Section,
)
from components.config.task import unknown_monitor
from components.config.train import Learner

if TYPE_CHECKING:
    from components.config.pipeline import Pipeline
    from components.data.dataset import Facts


class Optimizer(Named):
    """A Keras optimizer by its name."""

    homes = ("keras.optimizers",)
    kind, base = "optimizer", "BaseOptimizer"
    reserved = frozenset({"learning_rate", "name"})
    given = frozenset({"learning_rate"})


class Loss(Named):
    """A Keras loss by its name, or one's own, derived from `keras.losses.Loss`.

    Its `call(y_true, y_pred)` gives a number for each example. In a classification `y_true` is
    one-hot, `(n, classes)`; only Keras's sparse losses, of which the default is one, are given
    class numbers, `(n,)`. In a regression it is `(n, 1)`, in a segmentation class numbers
    `(n, height, width)`.

    ```python
    class Focal(keras.losses.Loss):
        def call(self, y_true, y_pred):
            p = keras.ops.sum(y_true * y_pred, axis=-1)
            return -((1 - p) ** 2) * keras.ops.log(p + 1e-7)
    ```
    """

    homes = ("keras.losses",)
    kind, base = "loss", "Loss"
    reserved = frozenset({"name", "reduction", "dtype"})


class Decay(Section):
    """What every schedule has."""

    initial: PositiveFloat
    """Learning rate at the start, or at the end of the warm-up."""
    warmup_epochs: NonNegativeFloat = 0
    """Epochs over which the rate climbs to it linearly from zero."""


class Step(Decay):
    """A constant rate, multiplied by `factor` at every boundary."""

    boundaries: Annotated[tuple[PositiveFloat, ...], Field(min_length=1)]
    """Epochs, warm-up included, after which the rate falls."""
    factor: Annotated[float, Field(strict=True, gt=0, lt=1)] = 0.1
    """What the rate is multiplied by."""

    @field_validator("boundaries")
    @classmethod
    def _ascend(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if any(after <= before for before, after in pairwise(value)):
            raise ValueError(f"must ascend, are {', '.join(f'{one:g}' for one in value)}")
        return value


class Annealing(Decay):
    """A fall from `initial` to `final` over the whole training."""

    final: NonNegativeFloat = 0.0
    """Learning rate at the end."""

    @model_validator(mode="after")
    def _falls(self) -> Self:
        if self.final > self.initial:
            raise ValueError(f"a fall from {self.initial:g} ends below it, not at {self.final:g}")
        return self


class InverseSquareRoot(Decay):
    """`initial / sqrt(1 + epoch / timescale)`, epochs counted from the end of the warm-up."""

    timescale_epochs: PositiveFloat = 1.0
    """Epochs until the rate has fallen to 0.71 of its start."""


class Schedule(Section):
    """Exactly one schedule of the learning rate; a plain number is a constant one."""

    constant: Decay | None = None
    step: Step | None = None
    cosine: Annealing | None = None
    linear: Annealing | None = None
    inverse_square_root: InverseSquareRoot | None = None

    @model_validator(mode="before")
    @classmethod
    def _one(cls, value: object) -> object:
        if isinstance(value, cls):
            return value
        if not isinstance(value, Mapping) or len(value) != 1:
            raise ValueError(f"must be one of {', '.join(cls.model_fields)}, or a number")
        return {key: {} if part is None else part for key, part in value.items()}

    @property
    def chosen(self) -> tuple[str, Decay]:
        """Name and settings of the one schedule that is set."""
        return next((name, value) for name, value in self if value is not None)


def _number_is_constant(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"constant": {"initial": value}}
    return value


Rate = Annotated[
    Schedule,
    BeforeValidator(_number_is_constant, json_schema_input_type=PositiveFloat | Schedule),
]


class EarlyStopping(Section):
    """When to stop before the last epoch (`keras.callbacks.EarlyStopping`)."""

    monitor: str = "val_loss"
    """The column of the learning curves that must improve, such as `val_loss`."""
    patience: NonNegativeInt = 10
    """Epochs without improvement after which training stops."""
    min_delta: NonNegativeFloat = 0.0
    """Smallest change that counts as an improvement."""


class Checkpoint(Section):
    """Which epoch's weights are kept (`keras.callbacks.ModelCheckpoint`)."""

    monitor: str = "val_loss"
    """The column of the learning curves whose best value marks the best epoch."""


class Supervised(Learner):
    """A Keras network, fitted to the train split by gradients."""

    takes_arrays = True
    exported = "float32"

    learner: str = "supervised"
    """What fits the model; left out, what goes with its architecture."""
    epochs: Annotated[PositiveInt, Field(le=1_000_000)]
    """Passes over the train split, at most."""
    batch_size: PositiveInt = 32
    """Examples in one step of the optimizer."""
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16", "bfloat16", "float16"] = (
        "float32"
    )
    """Keras dtype policy of the model; its head and its loss stay float32."""
    optimizer: Optimizer = Field("Adam")  # type: ignore[assignment]
    """A Keras optimizer; its learning rate is set by `learning_rate`. `AdamW`, as Keras
    has it, decays biases and the scales of normalization too."""
    learning_rate: Rate = Field(1e-3)  # type: ignore[assignment]
    """The schedule, in epochs; or a number."""
    loss: Loss | None = None
    """A Keras loss; left out, the task's own."""
    early_stopping: EarlyStopping | None = None
    """When to stop early; left out, never."""
    checkpoint: Checkpoint = Checkpoint()
    """Which epoch's weights are kept."""

    @property
    def monitored(self) -> str:
        """What chooses the best epoch."""
        return self.checkpoint.monitor

    @property
    def allowed(self) -> int:
        """All epochs."""
        return self.epochs

    def problems(self, file: "Pipeline") -> Iterator[Problem]:
        """No network, monitors that the task does not have, a schedule that does not fit."""
        model = type(file.model)
        if model.build is Architecture.build and model.module_of("network") is None:
            what = f"this learner is for networks; {file.model.architecture} goes with learner:"
            yield Problem(("train", "learner"), f"{what} {model.learner}")
        for section, key in (
            (self.early_stopping, "early_stopping"),
            (self.checkpoint, "checkpoint"),
        ):
            if section is not None and section.monitor not in file.task.monitors:
                yield unknown_monitor(
                    ("train", key, "monitor"), section.monitor, file.task.monitors
                )
        yield from _schedule_problems(self)

    def data_problems(self, file: "Pipeline", facts: "Facts") -> Iterator[Problem]:
        """A batch that the train split cannot fill."""
        if self.batch_size > (size := facts.counts.get("train", 0)):
            message = (
                f"a batch of {self.batch_size} is larger than the train split, which has {size}"
            )
            yield Problem(("train", "batch_size"), message)


def _schedule_problems(train: Supervised) -> Iterator[Problem]:
    """A schedule that does not fit into the training."""
    name, settings = train.learning_rate.chosen
    where = ("train", "learning_rate", name)
    if settings.warmup_epochs >= train.epochs and settings.warmup_epochs:
        message = f"a warm-up of {settings.warmup_epochs:g} epochs; train.epochs is {train.epochs}"
        yield Problem((*where, "warmup_epochs"), message)
    if isinstance(settings, Step):
        late = [one for one in settings.boundaries if one >= train.epochs]
        if late:
            message = f"{late[0]:g} is after the last epoch; train.epochs is {train.epochs}"
            yield Problem((*where, "boundaries"), message)
        if settings.boundaries[0] <= settings.warmup_epochs:
            message = f"{settings.boundaries[0]:g} lies in the warm-up"
            yield Problem((*where, "boundaries"), message)
