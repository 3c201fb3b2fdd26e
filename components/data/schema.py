"""Which columns a dataset has, of which kind, and which of them are to be learned."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from typing import Any

from components.base.words import snake
from components.data.features.feature import Feature

HOME = "components.data.features"


@dataclass(frozen=True)
class Schema:
    """The columns of a dataset.

    Args:
        columns: Their kinds by name, in the order in which they are stored.
        targets: Those that are learned; the others are what they are learned from.
    """

    columns: Mapping[str, Feature]
    targets: tuple[str, ...] = ()

    @property
    def inputs(self) -> tuple[str, ...]:
        """Columns that something is learned from."""
        return tuple(name for name in self.columns if name not in self.targets)

    @property
    def input(self) -> Feature:
        """The only input.

        Raises:
            ValueError: There are several.
        """
        (name,) = self.inputs
        return self.columns[name]

    @property
    def moving(self) -> tuple[str, ...]:
        """Targets that move with the image."""
        return tuple(name for name in self.targets if self.columns[name].is_spatial)

    @property
    def target(self) -> Feature:
        """The only target; `ValueError` where there is another number of them."""
        (name,) = self.targets
        return self.columns[name]

    def replacing(self, columns: Mapping[str, Feature]) -> "Schema":
        """The same columns, some of them of other kinds."""
        return replace(self, columns={**self.columns, **columns})

    def to_json(self) -> dict[str, Any]:
        """As `of_json` reads it."""
        columns = {
            name: {type(kind).__name__: asdict(kind)}  # type: ignore[call-overload]
            for name, kind in self.columns.items()
        }
        return {"columns": columns, "targets": list(self.targets)}


def of_json(value: Mapping[str, Any]) -> Schema:
    """What `Schema.to_json` gave."""
    columns = {}
    for name, described in value["columns"].items():
        ((kind, arguments),) = described.items()
        # By its name: a stage depends on the kinds of its pipeline, not on the others.
        module = import_module(f"{HOME}.{snake(kind)}")
        columns[name] = getattr(module, kind)(**arguments)
    return Schema(columns, tuple(value["targets"]))
