"""The types that the sections of a pipeline file are made of. Loads no framework."""

import math
from collections.abc import Iterator, Mapping
from inspect import cleandoc
from typing import Annotated, Any, ClassVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    model_serializer,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError

from components.base.words import yaml_of
from components.config.lookup import Definition, classes, find, is_another, near, parameters

OWN = r"^[\w.]+:\w+$"
"""A class of one's own, `package.module:Class`."""

# Strict: `true` is no number, and `'64'` is text.
PositiveInt = Annotated[int, Field(strict=True, gt=0, le=10**9)]
NonNegativeInt = Annotated[int, Field(strict=True, ge=0, le=10**9)]
PositiveFloat = Annotated[float, Field(strict=True, gt=0)]
NonNegativeFloat = Annotated[float, Field(strict=True, ge=0)]
Fraction = Annotated[float, Field(strict=True, ge=0, le=1)]
"""A share of a whole, 0 to 1."""


class Section(BaseModel):
    """Base of every section: frozen, and a key that nothing reads is an error."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        allow_inf_nan=False,
        validate_default=True,
    )


class Named(Section):
    """A class by its name, with its own arguments: `Name` or `Name: {argument: value}`."""

    homes: ClassVar[tuple[str, ...]]
    kind: ClassVar[str]
    base: ClassVar[str]
    """The class that each of them is derived from: others do who knows what when they are made."""
    reserved: ClassVar[frozenset[str]] = frozenset()
    """Arguments that Millrace gives, and a pipeline file therefore must not."""
    given: ClassVar[frozenset[str]] = frozenset()
    """Those of them that Millrace always gives."""
    is_open: ClassVar[bool] = True
    """Whether `package.module:Class` may be one."""

    name: str
    arguments: dict[str, Any] = {}

    @model_validator(mode="before")
    @classmethod
    def _from_yaml(cls, value: object) -> object:
        if isinstance(value, Named):
            return {"name": value.name, "arguments": value.arguments}
        if isinstance(value, str):
            return {"name": value}
        if isinstance(value, Mapping) and len(value) == 1:
            name, arguments = next(iter(value.items()))
            if isinstance(name, str) and isinstance(arguments, Mapping | None):
                return {"name": name, "arguments": arguments or {}}
        if isinstance(value, Mapping) and set(value) == {"name", "arguments"}:
            return value
        raise mistake(f"must be the name of one {cls.kind}, or one name with its arguments")

    @model_validator(mode="after")
    def _is_known(self) -> "Named":
        try:
            definition = self.definition
        except LookupError as error:
            raise mistake(str(error)) from None
        if is_another(definition, self.base):
            raise mistake(f"{self.name} is no {self.kind}: not derived from {self.base}")
        self._check_arguments(definition)
        return self

    def _check_arguments(self, definition: Definition) -> None:
        taken = parameters(definition)
        known = [name for name in taken.names if name not in self.reserved]
        for name, value in self.arguments.items():
            if name in self.reserved:
                raise mistake(f"{name} is set elsewhere in the file, not here", self.name, name)
            if name not in known and not taken.is_open:
                hint = near(name, known) or f"; it takes {', '.join(known) or 'none'}"
                raise mistake(f"{self.name} has no argument '{name}'{hint}", self.name, name)
            if wrong := _wrong(value, taken.defaults.get(name)):
                raise mistake(f"must be {wrong}, is {yaml_of(value, 60)}", self.name, name)
        untaken = sorted(self.given - set(taken.names))
        if ":" in self.name and untaken and not taken.is_open:
            what = f"does not take {untaken[0]}, which Millrace gives it"
            raise mistake(
                f"{self.name} {what}; take `**kwargs` and hand them to `super().__init__`"
            )
        missing = sorted(taken.required - set(self.arguments) - self.reserved)
        if missing:
            raise mistake(f"{self.name} needs {' and '.join(missing)}")

    @model_serializer
    def _to_yaml(self) -> dict[str, Any]:
        return {self.name: self.arguments}

    @property
    def definition(self) -> Definition:
        """The class that is named."""
        return find(self.name, self.homes, self.kind)

    @classmethod
    def definitions(cls) -> dict[str, Definition]:
        """The classes that there are, by name."""
        found: dict[str, Definition] = {}
        for home in reversed(cls.homes):  # later ones overwrite, so the first home wins
            found |= classes(home)
        return {name: one for name, one in found.items() if not is_another(one, cls.base)}

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        definitions = cls.definitions()
        return {
            "description": cleandoc(cls.__doc__ or ""),
            "anyOf": [
                {"type": "string", "enum": sorted(definitions)},
                *([{"type": "string", "pattern": OWN}] if cls.is_open else []),
                {
                    "type": "object",
                    "minProperties": 1,
                    "maxProperties": 1,
                    "properties": {
                        name: cls._arguments_schema(definitions[name])
                        for name in sorted(definitions)
                    },
                    "patternProperties": {OWN: {"type": ["object", "null"]}} if cls.is_open else {},
                    "additionalProperties": False,
                },
            ],
        }

    @classmethod
    def _arguments_schema(cls, definition: Definition) -> dict[str, Any]:
        taken = parameters(definition)
        return {
            "type": ["object", "null"],
            "properties": {name: {} for name in taken.names if name not in cls.reserved},
            "additionalProperties": taken.is_open,
        }


def _wrong(value: Any, default: Any) -> str | None:
    """What an argument must be, where it is not: a finite number, or of its default's kind."""
    if any(isinstance(one, float) and not math.isfinite(one) for one in _flat(value)):
        return "finite"
    if default == ():
        return None if isinstance(value, list | tuple) else "a list"
    if isinstance(default, bool):
        return None if isinstance(value, bool | int) else "true or false"
    if isinstance(default, int | float) and isinstance(value, str | bool):
        return f"a number, such as {default}"
    if isinstance(default, str) and isinstance(value, int | float | list):
        return f"text, such as '{default}'"
    return None


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for part in value.values():
            yield from _flat(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _flat(part)
    else:
        yield value


def mistake(message: str, *inside: str) -> PydanticCustomError:
    """A validation error at the place of the value, or at a key inside of it."""
    return PydanticCustomError("named", "{message}", {"message": message, "inside": inside})


class Kind(Named):
    """A kind of column, by its name; what only the data says is left to `ingest`."""

    homes = ("components.data.features",)
    kind, base = "kind of column", "Feature"
    is_open = False
    reserved = frozenset({"shape", "is_file"})

    @property
    def definition(self) -> Definition:
        """The class that is named; `LookupError` where it would be one of one's own."""
        if ":" in self.name:
            known = ", ".join(sorted(self.definitions()))
            raise LookupError(f"there are no kinds of column of one's own; there are {known}")
        return super().definition


def kind(name: str, **arguments: Any) -> Kind:
    """A kind of column that a source has by itself."""
    return Kind(name=name, arguments=arguments)


class Layer(Named):
    """A Keras layer, or one of `components/layers/`, by its name; it computes in float32.

    One's own, `package.module:Class`, is derived from `keras.Layer`: its constructor takes
    `**kwargs` and hands them to `super().__init__`, and `get_config` gives its arguments. A method
    `adapt` gets the train split as the layers before it leave it, once: an iterable of arrays
    `(n, ...)`, some examples each. What it finds out is kept in weights, which are saved.

    ```python
    class Shift(keras.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.least = self.add_weight(name="least", trainable=False)

        def adapt(self, chunks):
            self.least.assign(min(chunk.min() for chunk in chunks))

        def call(self, inputs):
            return inputs - self.least
    ```
    """

    homes = ("components.layers", "keras.layers")
    kind, base = "layer", "Layer"
    reserved = given = frozenset({"dtype"})
