"""Language models of n-grams."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from components.config.models import Architecture
from components.config.section import PositiveFloat, PositiveInt, Section


class AddK(Section):
    """`k` is added to every count (Lidstone; 1 is Laplace)."""

    k: PositiveFloat = 1.0
    """What is added."""


class GoodTuring(Section):
    """Good-Turing discounts, with Katz's back-off to the shorter context."""

    reliable: Annotated[PositiveInt, Field(le=1000)] = 5
    """Counts above this one are taken as they are."""


class KneserNey(Section):
    """Interpolated Kneser-Ney: a fixed discount, and how many contexts a word has been seen in."""

    discount: Annotated[float, Field(strict=True, gt=0, lt=1)] | None = None
    """What is taken off every count; left out, estimated for each order."""


class Smoothing(Section):
    """Exactly one way to give what was not seen a probability."""

    model_config = ConfigDict(json_schema_extra=lambda schema: _or_a_name(schema))

    add_k: AddK | None = Field(None, alias="AddK")
    good_turing: GoodTuring | None = Field(None, alias="GoodTuring")
    kneser_ney: KneserNey | None = Field(None, alias="KneserNey")

    @model_validator(mode="before")
    @classmethod
    def _one(cls, value: object) -> object:
        if isinstance(value, cls):
            return value
        if isinstance(value, str):
            value = {value: {}}
        names = [field.alias for field in cls.model_fields.values()]
        if not isinstance(value, Mapping) or len(value) != 1:
            raise ValueError(f"must be one of {', '.join(map(str, names))}")
        return {key: {} if part is None else part for key, part in value.items()}

    @property
    def chosen(self) -> Any:
        """The one that is set."""
        return next(value for _, value in self if value is not None)


def _or_a_name(schema: dict[str, Any]) -> None:
    """By its name alone, too."""
    one = {"type": schema.pop("type"), "minProperties": 1, "maxProperties": 1}
    schema["anyOf"] = [{"type": "string", "enum": list(schema["properties"])}, one]


class Ngram(Architecture):
    """Probabilities of a word after those before it, from counts."""

    gives = "sequence"
    learner = "counts"

    architecture: Literal["ngram"]
    order: Annotated[PositiveInt, Field(le=10)] = 3
    """Words of the longest n-gram."""
    smoothing: Smoothing = Field("KneserNey")  # type: ignore[assignment]
    """What gives probability to what was not seen."""
    least_count: PositiveInt = 2
    """Words of the train split that occur less often are unknown, `<unk>`."""
    lower: bool = True
    """Whether capitals count for nothing."""
