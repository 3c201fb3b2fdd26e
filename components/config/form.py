"""What of a pipeline file can be tuned by hand, each value with its type, bounds and description.

It is found in the sections that the file uses; there is no list of names. A class of one's own has
its settings in it as Millrace's have.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from components.base.errors import Invalid
from components.config.extension import Extension, Home
from components.config.lookup import near, parameters
from components.config.pipeline import Pipeline
from components.config.section import Named, Section

SECTIONS = ("validate", "augment", "model", "train", "evaluate", "compress", "register")
"""Those that say how it is learned and measured, not what from; in the order of the line."""
STRICT = "register.gate.strict"
"""What a command does, and Airflow's task always."""
NUMBERS = frozenset({"integer", "number"})
SAID = frozenset({"default", "description", "title"})
"""What a schema says besides the values that there may be."""
PLAIN = (bool, int, float, str, NoneType)


@dataclass(frozen=True)
class Tunable:
    """A value that a form can ask for."""

    value: Any
    """As the file has it, or its default."""
    schema: Mapping[str, Any]
    """JSON Schema: `type`, with `null` where that is possible, `enum`, bounds, `items`."""
    description: str
    section: str
    """The first part of its key."""


def tunables(pipeline: Pipeline) -> dict[str, Tunable]:
    """What can be tuned, by dotted key, in the order of the form.

    What `tune` searches is left out, as what it finds replaces the value of the file.
    """
    found = {}
    for section in SECTIONS:
        name = Pipeline.attribute(section)
        for key, value, schema, description in _of_field(
            section, getattr(pipeline, name), Pipeline.model_fields[name]
        ):
            if key not in pipeline.tune.space and key != STRICT and _belongs(key, schema):
                found[key] = Tunable(value, schema, description, section)
    return found


def changes(tunables: Mapping[str, Tunable], values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a form's values that are others than the file's.

    Raises:
        Invalid: A key is none of the form's.
    """
    for key in values:
        if key not in tunables:
            raise Invalid(f"no tunable '{key}'{near(key, tunables)}")
    return {key: value for key, value in values.items() if value != tunables[key].value}


Found = Iterator[tuple[str, Any, dict[str, Any], str]]
"""Dotted key, value, schema, description."""


def _belongs(key: str, schema: Mapping[str, Any]) -> bool:
    """Of `validate` the limits alone, not the policies; of `register` the gate, not the name."""
    if key.startswith("validate."):
        return not NUMBERS.isdisjoint(_types(schema))
    return not key.startswith("register.") or key.startswith("register.gate.")


def _of_field(key: str, value: Any, field: FieldInfo) -> Found:
    said = " ".join((field.description or "").split())
    if isinstance(value, Section):
        yield from _of_section(key, value, field.metadata)
    elif isinstance(value, tuple) and any(isinstance(one, Section) for one in value):
        about = getattr(get_args(field.annotation)[0], "__metadata__", ())
        for position, one in enumerate(value):
            yield from _of_section(f"{key}.{position}", one, about)
    elif isinstance(value, Mapping):
        yield from _of_values(key, value, {}, said)
    elif schema := _schema(field):
        yield key, list(value) if isinstance(value, tuple) else value, schema, said


def _of_section(key: str, section: Section, about: Iterable[Any]) -> Found:
    """Of a section's fields, less the one that says which section it is."""
    if isinstance(section, Named):
        said = f"Argument of the {section.kind} {section.name}."
        defaults = parameters(section.definition).defaults
        yield from _of_values(f"{key}.{section.name}", section.arguments, defaults, said)
        return
    home = next((one for one in about if isinstance(one, Home)), None)
    if isinstance(section, Extension) and home and home.key is None:
        key = f"{key}.{home.name(section)}"
    for name, field in type(section).model_fields.items():
        if home is None or name != home.key:
            yield from _of_field(f"{key}.{field.alias or name}", getattr(section, name), field)


def _of_values(
    prefix: str, values: Mapping[str, Any], defaults: Mapping[str, Any], description: str
) -> Found:
    """Of the arguments that a file gives; others there may be keep their defaults."""
    for name, value in values.items():
        schema = _kind(value, defaults.get(name))
        if schema is not None:
            yield f"{prefix}.{name}", value, schema, description


def _kind(value: Any, default: Any) -> dict[str, Any] | None:
    """The schema of an argument, of which only its value and its default are known."""
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, int | float):
        is_whole = isinstance(value, int) and type(default) is int
        return {"type": "integer" if is_whole else "number"}
    if isinstance(value, str):
        return {"type": "string"}
    is_list = isinstance(value, Sequence) and len(value) > 0
    if is_list and all(isinstance(one, int | float) and type(one) is not bool for one in value):
        return {"type": "array", "items": {"type": "number"}}
    return None


@cache  # 5 ms each, and of twenty files the same
def _schema(field: FieldInfo) -> dict[str, Any] | None:
    """The JSON Schema of a field that holds a plain value or a list of numbers."""
    if not _is_plain(field.annotation):
        return None
    annotated: Any = Annotated[field.annotation, field]
    node = TypeAdapter(annotated).json_schema()
    members = [one for one in node.get("anyOf", [node]) if one.get("type") != "null"]
    if len(members) != 1:
        return None
    found = {key: part for key, part in members[0].items() if key not in SAID}
    if "const" in found:
        found["enum"] = [found.pop("const")]
    if found["type"] == "array" and NUMBERS.isdisjoint(_types(found["items"])):
        return None
    return _or_null(found) if "anyOf" in node else found


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    values = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, "type": [schema["type"], "null"], **values}


def _types(schema: Mapping[str, Any]) -> list[str]:
    kind = schema["type"]
    return kind if isinstance(kind, list) else [kind]


def _is_plain(annotation: Any) -> bool:
    """Whether a type has no section in it; of one that has, the schema would read all of Keras."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _is_plain(arguments[0])
    if origin in (Union, UnionType):
        return all(map(_is_plain, arguments))
    if origin is tuple:
        return len(arguments) == 2 and arguments[1] is ... and _is_plain(arguments[0])
    return origin is Literal or annotation in PLAIN
