"""A page for every section of a pipeline file, from the section's own types."""

import json
import re
from collections.abc import Iterator, Mapping
from inspect import cleandoc
from pathlib import Path
from typing import Any

from components.base.files import write_text
from components.cli.schema import schema
from components.config.lookup import classes, docstring, parameters
from components.config.section import Kind, Layer, Named

Definitions = Mapping[str, Mapping[str, Any]]
PLAIN = ("version", "description")
"""Keys without a section."""
OURS: Mapping[str, type[Named]] = {"ingest": Kind, "preprocess": Layer}
"""By page: what the section names, whose first home has our classes."""


def pages() -> dict[str, str]:
    """Markdown by the name of its section."""
    whole = schema()
    definitions = whole["$defs"]
    return {"pipeline": _contents(whole)} | {
        key: _page(key, node, definitions)
        for key, node in whole["properties"].items()
        if key not in PLAIN
    }


def _contents(whole: Mapping[str, Any]) -> str:
    """What stands in a pipeline file, with the page of each section."""
    lines = ["# A pipeline file", "", "| key | | |", "|---|---|---|"]
    for key, node in whole["properties"].items():
        shown = f"`{key}`" if key in PLAIN else f"[`{key}`]({key}.md)"
        needed = "required" if key in whole["required"] else ""
        lines.append(f"| {shown} | {needed} | {_sentence(node.get('description', ''))} |")
    return "\n".join(lines) + "\n"


def write(folder: Path) -> list[Path]:
    """Writes the pages; a test keeps them in step."""
    paths = []
    for name, text in pages().items():
        paths.append(folder / f"{name}.md")
        write_text(text, paths[-1])
    return paths


def _page(key: str, node: Mapping[str, Any], definitions: Definitions) -> str:
    lines = [f"# `{key}`", ""]
    if description := node.get("description"):
        lines += [_sentence(description), ""]
    for title, section in _sections(node, definitions, set()):
        if section.get("description"):
            lines += [f"## {_title(title)}", "", _text(section["description"]), ""]
        lines += _table(section, definitions)
    if key in OURS:
        lines += _classes(OURS[key])
    return "\n".join(lines).rstrip() + "\n"


def _classes(named: type[Named]) -> Iterator[str]:
    """What our classes say of themselves; Keras's own are documented by Keras."""
    for name, definition in sorted(classes(named.homes[0]).items()):
        said = docstring(definition)
        given = {*parameters(definition).names} - named.reserved
        for argument in {*re.findall(r"^    (\w+): ", said, re.M)} - given:
            said = re.sub(rf"^    {argument}: .*\n?(        .*\n?)*", "", said, flags=re.M)
        said = re.sub(r"^Args:\s*\Z", "", said, flags=re.M)
        yield from (f"## {name}", "", "```text", said.rstrip(), "```", "")


def _sections(
    node: Mapping[str, Any], definitions: Definitions, seen: set[str]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The sections that a node leads to, itself first, each once."""
    for name, section in _named(node, definitions):
        if name in seen:
            continue
        seen.add(name)
        yield name, section
        for child in section.get("properties", {}).values():
            yield from _sections(child, definitions, seen)


def _named(
    node: Mapping[str, Any], definitions: Definitions
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The sections of a node, itself or in a list, a union or a mapping, by their names."""
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        yield name, definitions[name]
    elif is_below := _below(node):
        yield from is_below.items()
    elif "properties" in node:
        yield node["title"], node
    children = [
        *node.get("anyOf", []),
        *node.get("oneOf", []),
        node.get("items"),
        node.get("additionalProperties"),
        *([] if "properties" in node else node.get("patternProperties", {}).values()),
    ]
    for child in children:
        if isinstance(child, Mapping):
            yield from _named(child, definitions)


def _below(node: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The sections that stand below their names, of a node that is one of them."""
    if node.get("maxProperties") != 1:
        return {}
    known = node["properties"].items()
    return {**dict(known), **{one["title"]: one for one in node["patternProperties"].values()}}


def _table(section: Mapping[str, Any], definitions: Definitions) -> list[str]:
    required = section.get("required", [])
    rows = [
        f"| `{key}` | {_kind(node, definitions)} | "
        f"{'required' if key in required else _default(node)} | "
        f"{_sentence(node.get('description', ''))} |"
        for key, node in section.get("properties", {}).items()
    ]
    head = ["| key | value | default | |", "|---|---|---|---|"]
    return [*head, *rows, ""] if rows else []


def _kind(node: Mapping[str, Any], definitions: Definitions) -> str:
    if "enum" in node or "const" in node:
        values = node.get("enum", [node.get("const")])
        return ", ".join(f"`{value}`" for value in values)
    if "$ref" in node:
        return _link(node["$ref"].rpartition("/")[2])
    if members := node.get("anyOf", node.get("oneOf")):
        if below := [name for one in members for name in _below(one)]:
            return " or ".join(map(_link, below))
        kinds = [_kind(one, definitions) for one in members if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if node.get("type") == "array":
        return f"list of {_kind(node.get('items', {}), definitions)}"
    of_patterns = [*node.get("patternProperties", {}).values()]
    for values in (node.get("additionalProperties"), *of_patterns):
        if node.get("type") == "object" and isinstance(values, Mapping):
            return f"mapping to {_kind(values, definitions)}"
    return str(node.get("type", "any")) + _limits(node)


def _limits(node: Mapping[str, Any]) -> str:
    signs = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    limits = [f"{sign} {node[key]:g}" for key, sign in signs.items() if key in node]
    return f" {' and '.join(limits)}" if limits else ""


def _link(name: str) -> str:
    title = _title(name)
    return f"[{title}](#{title.lower()})"


def _title(name: str) -> str:
    """Of a section; two of one name have their module's before it in the schema."""
    return name.rpartition("__")[2]


def _default(node: Mapping[str, Any]) -> str:
    if "default" not in node:
        return ""
    value = node["default"]
    if isinstance(value, dict):
        value = {key: part for key, part in value.items() if part is not None}
    return "none" if value is None else f"`{json.dumps(value)}`"


def _text(description: str) -> str:
    """Paragraphs, each in one line; an example as it is."""
    parts = re.findall(r"```.*?```|(?:(?!```|\n\n).)+", cleandoc(description), re.S)
    return "\n\n".join(
        one if one.startswith("```") else _sentence(one) for one in parts if one.strip()
    )


def _sentence(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
