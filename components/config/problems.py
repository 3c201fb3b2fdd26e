"""What pydantic finds wrong, in the words of the YAML."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from components.base.errors import Location, Problem
from components.base.words import yaml_of
from components.config.lookup import near

MOST = 1000  # mistakes that are put into words
SUCH_AS = {"source": "image_folder", "architecture": "resnet"}

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
    "string_too_long": "at most {max_length} characters long",
    "too_short": "{min_length} or more",
    "too_long": "{max_length} at most",
}

Schema = dict[str, Any]


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
        return Problem(location, _missing(location, model))
    if kind == "extra_forbidden":
        return Problem(location, f"unknown key{_nearest_key(location, model)}")
    if kind == "invalid_key":
        return Problem(location, "a key must be text")
    location = _written(location, data)
    if kind == "named":
        return Problem((*location, *context["inside"]), context["message"])
    if kind == "value_error":
        return Problem(location, str(context["error"]))
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _unknown_member(location, context)
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


def _unknown_member(location: Location, context: Mapping[str, Any]) -> Problem:
    """A section of several forms, whose key that says which names none of them."""
    key = "source" if "source" in context["discriminator"] else "architecture"
    if "tag" not in context:
        return Problem((*location, key), f"missing; such as '{SUCH_AS[key]}'")
    known = [name.strip("'") for name in context["expected_tags"].split(", ")]
    known = [name for name in known if name != "custom"]
    hint = near(context["tag"], known) or f"; there are {', '.join(known)}"
    return Problem((*location, key), f"no {key} '{context['tag']}'{hint}")


def _missing(location: Location, model: type[BaseModel]) -> str:
    sections = _schema(model)["properties"]
    if len(location) == 1 and "$ref" in sections.get(str(location[0]), {}):
        return f"missing section; '{location[0]}: {{}}' where it has nothing to say"
    return "missing"


def _nearest_key(location: Location, model: type[BaseModel]) -> str:
    """The nearest key that the section of an unknown key does have."""
    known = _keys(location[:-1], model)
    return near(str(location[-1]), known) or (f"; there are {', '.join(known)}" if known else "")


@lru_cache(maxsize=8)
def _schema(model: type[BaseModel]) -> Schema:
    return model.model_json_schema(by_alias=True)


@lru_cache(maxsize=64)
def _keys(location: Location, model: type[BaseModel]) -> list[str]:
    """The keys that the JSON Schema allows at a place of the file."""
    schema = _schema(model)
    definitions = schema.get("$defs", {})
    here: list[Schema] = [schema]
    for part in location:
        here = [child for node in here for child in _children(node, part, definitions)]
    return [key for node in here for key in node.get("properties", {})]


def _children(node: Schema, part: str | int, definitions: Schema) -> Iterator[Schema]:
    if isinstance(part, int):
        yield from _members(node.get("items", {}), definitions)
    elif part in node.get("properties", {}):
        yield from _members(node["properties"][part], definitions)
    elif part in _tags(node):
        yield node  # the tag of a union, whose members are here already


def _tags(node: Schema) -> Iterator[str]:
    """What the key says that chooses this member of a union."""
    yield str(node.get("title")).lower()
    said = node.get("properties", {}).get("source", {})
    yield from [said["const"]] if "const" in said else said.get("enum", [])


def _members(node: Schema, definitions: Schema) -> Iterator[Schema]:
    if "$ref" in node:
        node = definitions[node["$ref"].rpartition("/")[2]]
    members = node.get("anyOf", node.get("oneOf"))
    if members is None:
        yield node
    for member in members or []:
        yield from _members(member, definitions)
