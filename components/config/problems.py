"""What pydantic finds wrong, in the words of the YAML."""

from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from components.base.errors import Location, Problem
from components.base.words import yaml_of
from components.config.extension import Home
from components.config.lookup import near, parameters
from components.config.section import Named

AUTO = "auto"
ADVICE = (
    "auto is no value, and would be another one on every machine; `millrace suggest NAME --write` "
    "measures what is good here, and writes that"
)
MOST = 1000  # mistakes that are put into words

# What pydantic says in the words of Python.
WORDS = {
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_pattern_mismatch": "text of the form {pattern}",
    "string_too_short": "at least {min_length} character long",
    "string_too_long": "at most {max_length} characters long",
    "too_short": "{min_length} or more",
    "too_long": "{max_length} at most",
}


def problems(error: ValidationError, model: type[BaseModel], data: object) -> list[Problem]:
    """Every mistake that the error names.

    Args:
        error: Of `model_validate`.
        model: What was to be validated, the whole file.
        data: The file as it was read.
    """
    found = [details for details in error.errors()[:MOST] if not _follows(details)]
    return [_problem(details, model, data) for details in found]


def _follows(details: ErrorDetails) -> bool:
    """Whether a list is called too short since its entries, which are named too, are wrong."""
    return details["type"] == "too_short" and bool(details["input"])


def _problem(details: ErrorDetails, model: type[BaseModel], data: object) -> Problem:
    location: Location = details["loc"]
    context = details.get("ctx", {})
    kind = details["type"]
    if kind == "missing":
        return Problem(location, "missing")
    if kind == "extra_forbidden":
        return Problem(location, f"unknown key{_nearest_key(location, model, data)}")
    if kind == "invalid_key":
        return Problem(location, "a key must be text")
    location = _written(location, data)
    if details["input"] == AUTO:
        return Problem(location, ADVICE)
    if kind == "named":
        return Problem((*location, *context["inside"]), context["message"])
    if kind == "value_error":
        return Problem(location, str(context["error"]))
    message = details["msg"].removeprefix("Input should be ").removeprefix("Value should be ")
    message = WORDS[kind].format(**context) if kind in WORDS else message
    return Problem(location, f"must be {message}{_shown(details['input'])}")


def _shown(given: object) -> str:
    """The value, where it is short enough to be shown."""
    if isinstance(given, list | tuple | Mapping):
        return ", is empty" if not given else ""
    return f", is {yaml_of(given)}"


def _written(location: Location, data: object) -> Location:
    """What of a location the file has: no tag of a union, nothing that a short form stands for."""
    found = []
    for part in location:
        if isinstance(data, Mapping):
            is_there = part in data
        else:
            is_there = isinstance(data, list | tuple) and isinstance(part, int)
        if is_there:
            data = data[part]  # type: ignore[index]
            found.append(part)
    return tuple(found)


def _nearest_key(location: Location, model: type[BaseModel], data: object) -> str:
    """The nearest key that the section of an unknown key does have, or where else it may stand."""
    here: Any = model
    for part in location[:-1]:
        here, data = _inside(here, part, data), _value(data, part)
    key, known = str(location[-1]), _names(here)
    listed = f"; there are {', '.join(known)}" if known else ""
    return _as_argument(key, here) or near(key, known) or listed


def _as_argument(key: str, here: Any) -> str:
    """Where the key is an argument of what a field of the section names, how it is written."""
    for field, about in getattr(_chosen(here, None), "model_fields", {}).items():
        for kind in (about.annotation, *get_args(about.annotation)):
            if isinstance(kind, type) and issubclass(kind, Named) and key not in kind.reserved:
                every = kind.definitions().items()
                if names := sorted(name for name, one in every if key in parameters(one).names):
                    written = f"{field}: {{NAME: {{{key}: ...}}}}"
                    return f"; write {written}, where NAME is {' or '.join(names)}"
    return ""


def _inside(here: Any, part: str | int, data: object) -> Any:
    """What may stand at a key or a position of what may stand at a place."""
    value = _value(data, part)
    if isinstance(here, type) and issubclass(here, BaseModel):
        return _chosen(_field(here, part), value)
    if isinstance(here, _Below):
        return here.section
    origin, arguments = get_origin(here), get_args(here)
    if origin in (tuple, list, dict) and arguments:
        return _chosen(arguments[-1 if origin is dict else 0], value)
    if origin in (Union, UnionType):
        members = [_chosen(member, data) for member in arguments]
        return next((one for member in members if (one := _inside(member, part, data))), None)
    return None


def _field(model: type[BaseModel], key: str | int) -> Any:
    """The type of a field, its alias being its key, with what is annotated."""
    for name, field in model.model_fields.items():
        if key in (name, field.alias):
            return (
                Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
            )
    return None


def _chosen(kind: Any, value: object) -> Any:
    """The section that the value asks for, where it is found by its name; else the type."""
    while get_origin(kind) is Annotated:
        kind, *about = get_args(kind)
        for home in (one for one in about if isinstance(one, Home)):
            section, settings = home.section(value)
            return section if settings is value else _Below(section)
    return kind


class _Below:
    """A section whose settings stand below its name."""

    def __init__(self, section: Any) -> None:
        self.section = section


def _names(here: Any) -> list[str]:
    here = _chosen(here, None)
    if get_origin(here) in (Union, UnionType):
        return [name for member in get_args(here) for name in _names(member)]
    if not (isinstance(here, type) and issubclass(here, BaseModel)):
        return []
    return [field.alias or name for name, field in here.model_fields.items()]


def _value(data: object, part: str | int) -> object:
    try:
        return data[part]  # type: ignore[index]
    except (KeyError, IndexError, TypeError):
        return None
