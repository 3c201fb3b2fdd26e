"""Schedules of the learning rate: the sections of a pipeline file, each with its formula.

A formula takes the namespace that it computes in, NumPy or `keras.ops`: so it can be drawn before
anything is built, and is what the optimizer follows.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from components.config.section import (
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    Section,
)

Share = Annotated[float, Field(strict=True, gt=0, lt=1)]
Steps = Any
"""Steps of a training, counted from 0: a number or an array, of float."""


@dataclass(frozen=True)
class Span:
    """How long a training is, in steps."""

    steps: int
    """From the end of the warm-up on."""
    warmup: int
    unit: int
    """In what the section counts in."""


class Decay(Section):
    """What every schedule has; by itself, a constant rate."""

    initial: PositiveFloat
    """Learning rate at the start, or at the end of the warm-up."""
    warmup: NonNegativeFloat = 0
    """How long the rate climbs to it linearly from zero."""
    unit: Literal["epochs", "steps"] = "epochs"
    """What warm-up and other lengths are counted in; a step is a batch."""
    base_batch_size: PositiveInt | None = None
    """The size of batch that the rates are meant for: others scale them in proportion (Goyal et
    al., Accurate, Large Minibatch SGD, 2017, section 2.1). Left out, they are as they are."""

    def rate(self, step: Steps, span: Span, xp: Any) -> Any:
        """The rate of a step that is counted from the end of the warm-up.

        Args:
            step: The steps that were made since.
            span: Of the training.
            xp: The namespace to compute in.
        """
        return xp.where(step >= 0, self.initial, 0.0)

    def problems(self, length: int, end: str) -> Iterator[tuple[str, str]]:
        """Settings that do not fit into a training, and why.

        Args:
            length: Of the training, in the own unit.
            end: That in words.
        """
        if self.warmup >= length:
            yield "warmup", f"a warm-up of {self.warmup:g} {self.unit}; {end}"


class Step(Decay):
    """A constant rate, multiplied by `factor` at every boundary."""

    boundaries: Annotated[tuple[PositiveFloat, ...], Field(min_length=1)]
    """Where the rate falls, counted with the warm-up."""
    factor: Share = 0.1
    """What the rate is multiplied by."""

    @field_validator("boundaries")
    @classmethod
    def _ascend(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if any(after <= before for before, after in pairwise(value)):
            raise ValueError(f"must ascend, are {', '.join(f'{one:g}' for one in value)}")
        return value

    def rate(self, step: Steps, span: Span, xp: Any) -> Any:
        """`initial * factor^n`, `n` boundaries being passed."""
        places = [round(place * span.unit) - span.warmup for place in self.boundaries]
        factors = [xp.where(step >= place, self.factor, 1.0) for place in places]
        return self.initial * math.prod(factors)

    def problems(self, length: int, end: str) -> Iterator[tuple[str, str]]:
        """Also boundaries after the end, and within the warm-up."""
        yield from super().problems(length, end)
        if late := [one for one in self.boundaries if one >= length]:
            yield "boundaries", f"{late[0]:g} is after the end; {end}"
        if self.boundaries[0] <= self.warmup:
            yield "boundaries", f"{self.boundaries[0]:g} lies in the warm-up"


class Annealing(Decay):
    """A fall from `initial` to `final` over the whole training."""

    final: NonNegativeFloat = 0.0
    """Learning rate at the end."""

    @model_validator(mode="after")
    def _falls(self) -> Self:
        if self.final > self.initial:
            raise ValueError(f"a fall from {self.initial:g} ends below it, not at {self.final:g}")
        return self

    def fallen(self, left: Any) -> Any:
        """The rate where a share of the way is left, 1 to 0."""
        return self.final + (self.initial - self.final) * left


class Linear(Annealing):
    """A fall in a straight line from `initial` to `final` over the whole training."""

    def rate(self, step: Steps, span: Span, xp: Any) -> Any:
        """`final + (initial - final) (1 - t)`, `t` from 0 to 1."""
        return self.fallen(1 - xp.minimum(step / span.steps, 1.0))


class Polynomial(Annealing):
    """A fall from `initial` to `final` over the whole training, by a power."""

    power: PositiveFloat = 2.0
    """1 is a straight line; more falls early."""

    def rate(self, step: Steps, span: Span, xp: Any) -> Any:
        """`final + (initial - final) (1 - t)^power`, `t` from 0 to 1."""
        return self.fallen((1 - xp.minimum(step / span.steps, 1.0)) ** self.power)


class Cosine(Annealing):
    """A fall from `initial` to `final` over the whole training, as half a cosine.

    Loshchilov and Hutter, SGDR (2017), equation 5.
    """

    def rate(self, step: Steps, span: Span, xp: Any) -> Any:
        """`final + (initial - final) (1 + cos(pi t)) / 2`, `t` from 0 to 1."""
        return self.fallen(_half_cosine(xp.minimum(step / span.steps, 1.0), xp))


class Exponential(Decay):
    """A rate that falls by the same factor in the same time."""

    factor: Share
    """What the rate is multiplied by in each `period`."""
    period: PositiveFloat = 1.0
    """How long that takes."""

    def rate(self, step: Steps, span: Span, xp: Any) -> Any:
        """`initial * factor^(step / period)`."""
        return self.initial * self.factor ** (step / (self.period * span.unit))


class InverseSquareRoot(Decay):
    """`initial / sqrt(1 + t / timescale)`, `t` counted from the end of the warm-up.

    Vaswani et al., Attention Is All You Need (2017), equation 3.
    """

    timescale: PositiveFloat = 1.0
    """How long it takes the rate to fall to 0.71 of its start."""

    def rate(self, step: Steps, span: Span, xp: Any) -> Any:
        """`initial / sqrt(1 + step / timescale)`."""
        return self.initial / xp.sqrt(1 + step / (self.timescale * span.unit))


class OneCycle(Decay):
    """A climb to a high rate and a fall below where it began, both as half a cosine.

    Smith and Topin, Super-Convergence (2018). A warm-up is not needed: the climb is one.
    """

    maximum: PositiveFloat
    """The highest rate."""
    final: NonNegativeFloat = 0.0
    """Learning rate at the end."""
    rise: Share = 0.3
    """Share of the training until it is the highest."""

    @model_validator(mode="after")
    def _is_highest(self) -> Self:
        if self.maximum <= max(self.initial, self.final):
            raise ValueError(f"climbs from {self.initial:g}, not to {self.maximum:g}")
        return self

    def rate(self, step: Steps, span: Span, xp: Any) -> Any:
        """Half a cosine up, half a cosine down."""
        top = self.rise * span.steps
        climbed = _half_cosine(xp.minimum(step / top, 1.0), xp)
        left = _half_cosine(xp.minimum(xp.maximum(step - top, 0.0) / (span.steps - top), 1.0), xp)
        up = self.maximum - (self.maximum - self.initial) * climbed
        down = self.final + (self.maximum - self.final) * left
        return xp.where(step < top, up, down)


class WarmRestarts(Annealing):
    """Falls as half a cosine, again and again (`keras.optimizers.schedules.CosineDecayRestarts`).

    Loshchilov and Hutter, SGDR (2017).
    """

    first_decay: PositiveFloat
    """How long the first fall takes."""
    t_mul: Annotated[float, Field(strict=True, ge=1)] = 2.0
    """How many times longer each fall is than the one before."""
    m_mul: Annotated[float, Field(strict=True, gt=0, le=1)] = 1.0
    """What the rate that a fall begins with is multiplied by, each time."""

    def rate(self, step: Steps, span: Span, xp: Any) -> Any:
        """Half a cosine from `initial * m_mul^n` to `final`, after `n` restarts."""
        # Not by a logarithm, as Keras does: it is off by one where it should be whole.
        starts, lengths, rates = map(xp.array, zip(*self._restarts(span), strict=True))
        passed = xp.where(xp.expand_dims(step, -1) >= starts, 1, 0)
        latest = xp.sum(passed, axis=-1) - 1
        begun, length, highest = (xp.take(one, latest) for one in (starts, lengths, rates))
        left = _half_cosine((step - begun) / length, xp)
        return self.final + (highest - self.final) * left

    def _restarts(self, span: Span) -> Iterator[tuple[float, float, float]]:
        """When each fall begins, how long it takes, and the rate it begins with."""
        start, length, highest = 0, max(1, round(self.first_decay * span.unit)), self.initial
        while start < span.steps:
            yield float(start), float(length), max(highest, self.final)
            start, length = start + length, round(length * self.t_mul)
            highest *= self.m_mul

    def problems(self, length: int, end: str) -> Iterator[tuple[str, str]]:
        """Also a first fall that the training does not come to the end of."""
        yield from super().problems(length, end)
        if (first := self.warmup + self.first_decay) >= length:
            yield "first_decay", f"the first restart is after {first:g} {self.unit}; {end}"


class Plateau(Decay):
    """A rate that falls where a curve no longer does (`keras.callbacks.ReduceLROnPlateau`)."""

    monitor: str = "val_loss"
    """The column of the learning curves that must improve."""
    factor: Share = 0.1
    """What the rate is multiplied by."""
    patience: PositiveInt = 10
    """Epochs without improvement after which it is."""
    min_delta: NonNegativeFloat = 1e-4
    """Smallest change that counts as an improvement."""
    cooldown: NonNegativeInt = 0
    """Epochs after a fall that are not counted."""
    min_lr: NonNegativeFloat = 0.0
    """The lowest rate."""

    @model_validator(mode="after")
    def _falls(self) -> Self:
        if self.min_lr >= self.initial:
            raise ValueError(f"falls from {self.initial:g}, and not to {self.min_lr:g}")
        return self


def _half_cosine(share: Any, xp: Any) -> Any:
    """From 1 to 0, as a share goes from 0 to 1."""
    return (1 + xp.cos(math.pi * share)) / 2


class Schedule(Section):
    """Exactly one schedule of the learning rate; a plain number is a constant one."""

    constant: Decay | None = None
    step: Step | None = None
    linear: Linear | None = None
    polynomial: Polynomial | None = None
    cosine: Cosine | None = None
    exponential: Exponential | None = None
    inverse_square_root: InverseSquareRoot | None = None
    one_cycle: OneCycle | None = None
    warm_restarts: WarmRestarts | None = None
    plateau: Plateau | None = None

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


@dataclass(frozen=True)
class Course:
    """The learning rates of a training, from its first step to its last."""

    settings: Decay
    epochs: int
    epoch: int
    """Steps in one."""
    batch_size: int
    """Examples that an update of the weights is made of."""

    @property
    def steps(self) -> int:
        """All of them."""
        return self.epochs * self.epoch

    @property
    def warmup(self) -> int:
        """Steps of the warm-up."""
        return round(self.settings.warmup * self._unit)

    def rate(self, step: Steps, xp: Any) -> Any:
        """The rate of a step, counted from 0; the first of a warm-up does not stand still."""
        settings, warmup = self.settings, self.warmup
        span = Span(max(1, self.steps - warmup), warmup, self._unit)
        after = settings.rate(xp.maximum(step - warmup, 0.0), span, xp)
        climb = settings.initial * (step + 1) / (warmup + 1)
        return self.scale * xp.where(step < warmup, climb, after)

    @property
    def scale(self) -> float:
        """What the rates are multiplied by, for the size of the batches."""
        return self.batch_size / (self.settings.base_batch_size or self.batch_size)

    @property
    def _unit(self) -> int:
        return self.epoch if self.settings.unit == "epochs" else 1


def _number_is_constant(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"constant": {"initial": value}}
    return value


Rate = Annotated[
    Schedule,
    BeforeValidator(_number_is_constant, json_schema_input_type=PositiveFloat | Schedule),
]
