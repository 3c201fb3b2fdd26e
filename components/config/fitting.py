"""How a model is fitted: the body of the `train` section. Loads no framework."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from components.config.section import (
    Named,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    Section,
    mistake,
)

Monitor = Literal["loss", "accuracy", "val_loss", "val_accuracy"]
"""A column of the learning curves; accuracies are to be large, losses small."""


UNFIT = {"CTC": "aligns sequences", "Circle": "compares embeddings"}


class Optimizer(Named):
    """A Keras optimizer by its name."""

    homes = ("keras.optimizers",)
    kind = "optimizer"
    reserved = frozenset({"learning_rate", "name"})


class Loss(Named):
    """A Keras loss by its name."""

    homes = ("keras.losses",)
    kind = "loss"
    reserved = frozenset({"name", "reduction", "dtype"})

    @model_validator(mode="after")
    def _of_classes(self) -> "Loss":
        if reason := UNFIT.get(self.name):
            raise mistake(f"{self.name} {reason}; it is no loss of a classification")
        return self


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

    monitor: Monitor = "val_loss"
    """The column that must improve."""
    patience: NonNegativeInt = 10
    """Epochs without improvement after which training stops."""
    min_delta: NonNegativeFloat = 0.0
    """Smallest change that counts as an improvement."""


class Checkpoint(Section):
    """Which epoch's weights are kept (`keras.callbacks.ModelCheckpoint`)."""

    monitor: Monitor = "val_loss"
    """The column whose best value marks the best epoch."""


class Fitting(Section):
    """How a model is fitted to the train split."""

    epochs: Annotated[PositiveInt, Field(le=1_000_000)]
    """Passes over the train split, at most."""
    batch_size: PositiveInt = 32
    """Examples in one step of the optimizer."""
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16", "bfloat16", "float16"] = (
        "float32"
    )
    """Keras dtype policy of the model; its head and its loss stay float32."""
    optimizer: Optimizer = Field("Adam")  # type: ignore[assignment]
    """A Keras optimizer; its learning rate is set by `learning_rate`."""
    learning_rate: Rate = Field(1e-3)  # type: ignore[assignment]
    """The schedule, in epochs; or a number."""
    loss: Loss | None = None
    """A Keras loss; left out, the task's own (classification: SparseCategoricalCrossentropy)."""
    early_stopping: EarlyStopping | None = None
    """When to stop early; left out, never."""
    checkpoint: Checkpoint = Checkpoint()
    """Which epoch's weights are kept."""
