"""What to try against what learning curves tell."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from components.config.train import Illness
from components.fitting.supervised.schedule import (
    Decay,
    Exponential,
    InverseSquareRoot,
    OneCycle,
    Step,
)

if TYPE_CHECKING:
    from components.config.pipeline import Pipeline
    from components.fitting.supervised import Supervised

Remedy = tuple[Illness, str, Any]
WIDTHS = ("units", "filters")  # of an architecture
FACTORS: dict[Illness, float] = {"rate too high": 0.1, "rate too low": 10.0, "plateau": 0.3}
MORE_DROPOUT, MOST_DROPOUT = 0.2, 0.5


def remedies(train: "Supervised", file: "Pipeline") -> Iterator[Remedy]:
    """A key of the file, and its new value, for each illness that there is one against."""
    yield "still improving", "train.epochs", 2 * train.epochs
    yield from _of_rate(train)
    yield from _of_model(file)


def highest_rate(train: "Supervised") -> tuple[str, float, bool]:
    """The key of the highest rate of a schedule, its value, and whether it is but a number."""
    name, schedule = train.learning_rate.chosen
    where = f"train.learning_rate.{name}"
    if isinstance(schedule, OneCycle):
        return f"{where}.maximum", schedule.maximum, False
    if name == "constant" and schedule.model_fields_set == {"initial"}:
        return "train.learning_rate", schedule.initial, True
    return f"{where}.initial", schedule.initial, False


def _of_rate(train: "Supervised") -> Iterator[Remedy]:
    name, schedule = train.learning_rate.chosen
    where = f"train.learning_rate.{name}"
    first, highest, is_number = highest_rate(train)
    for illness, factor in FACTORS.items():
        value = _round(highest * factor)
        if is_number or takes(schedule, first.rpartition(".")[2], value):
            yield illness, first, value
    if is_number:  # a later one of an illness counts
        yield "plateau", first, {"cosine": {"initial": highest}}
    match schedule:
        case Step(boundaries=boundaries, unit="epochs"):
            last = len(boundaries) - 1 or 1
            shares = [0.5 + 0.3 * place / last for place in range(len(boundaries))]
            later = [round(share * train.epochs, 1) for share in shares]
            if later[0] > boundaries[0] and takes(schedule, "boundaries", later):
                yield "decay too early", f"{where}.boundaries", later
        case Exponential(factor=factor):
            if takes(schedule, "factor", slower := _round(factor**0.25)) and slower != factor:
                yield "decay too early", f"{where}.factor", slower
        case InverseSquareRoot(timescale=timescale):
            yield "decay too early", f"{where}.timescale", 10 * timescale


def _of_model(file: "Pipeline") -> Iterator[Remedy]:
    model = file.model
    for name in WIDTHS:
        if widths := getattr(model, name, None):
            wider = 2 * widths if isinstance(widths, int) else [2 * one for one in widths]
            yield "underfitting", f"model.{name}", wider
    dropout = getattr(model, "dropout", None)
    if isinstance(dropout, float) and dropout < MOST_DROPOUT:
        yield "overfitting", "model.dropout", round(min(dropout + MORE_DROPOUT, MOST_DROPOUT), 2)
    if getattr(model, "activation", "relu") != "relu":
        yield "bad initialization", "model.activation", "relu"


def takes(schedule: Decay, key: str, value: object) -> bool:
    """Whether it may have another value, which may have to lie between others."""
    try:
        type(schedule).model_validate({**schedule.model_dump(), key: value})
    except ValidationError:
        return False
    return True


def _round(value: float) -> float:
    """As people write it."""
    return float(f"{value:.2g}")
