"""The text of a YAML file with other values in it; comments and the order of keys stay."""

import io
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

MISSING = object()


def laid(text: str, values: Mapping[str, Any]) -> str:
    """The text with values laid over it, each by its dotted key (`train.epochs`).

    A number in a key is a position in a list. A key that the file leaves to its default is added
    behind the others of its section. What the file could not have is not looked for here: reading
    the result names it, as it would anything that somebody writes.

    Args:
        text: Of a file that `Document` has read before, which looks at its size.
        values: By dotted key.
    """

    def change(document: Any) -> None:
        for key, value in values.items():
            _lay(document, key, value)

    return rewritten(text, change)


def rewritten(text: str, change: Callable[[Any], None]) -> str:
    """The text after a change to what it says."""
    yaml = YAML()
    yaml.width, yaml.preserve_quotes = 4096, True
    yaml.indent(mapping=2, sequence=4, offset=2)
    document = yaml.load(text)
    change(document)
    stream = io.StringIO()
    yaml.dump(document, stream)
    return stream.getvalue()


def _lay(here: Any, key: str, value: Any) -> None:
    """Sets what a dotted key names, and makes the sections that lead to it."""
    step, rest = _step(here, key)
    there = _at(here, step)
    if rest:
        inner = _inner(there, rest)
        here[step] = inner
        _lay(inner, rest, value)
    elif there != value or isinstance(there, bool) != isinstance(value, bool):
        here[step] = _in_one_line(value)  # what is equal stays as it is written: `2.0e-3`


def _inner(there: Any, rest: str) -> Any:
    """What the rest of a key is laid into: the section there, or a new one.

    A copy, since what an alias stands for is meant here alone.
    """
    is_list = isinstance(there, CommentedSeq) and isinstance(_step(there, rest)[0], int)
    if is_list or isinstance(there, CommentedMap):
        inner = deepcopy(there)
        inner.yaml_set_anchor(None)
        return inner
    inner = CommentedMap()
    if isinstance(there, str) and _names(there, rest):
        inner[there] = CommentedMap()  # `int8` is short for `int8: {}`
    return inner


def _step(here: Any, key: str) -> tuple[str | int, str]:
    """The first part of a key, and the rest; a class of one's own has dots in its name."""
    known = [one for one in here if isinstance(one, str) and _names(one, key)]
    head = max(known, key=len, default=key.partition(".")[0])
    rest = key[len(head) + 1 :]
    is_position = isinstance(here, CommentedSeq) and head.isdecimal() and int(head) < len(here)
    return (int(head) if is_position else head), rest


def _names(name: str, key: str) -> bool:
    return key == name or key.startswith(f"{name}.")


def _at(here: Any, step: str | int) -> Any:
    if isinstance(here, CommentedMap):
        return here.get(step, MISSING)
    return here[step]


def _in_one_line(value: Any) -> Any:
    if isinstance(value, list | tuple):
        value = CommentedSeq(value)
        value.fa.set_flow_style()
    return value
