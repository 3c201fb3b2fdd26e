"""A YAML file that remembers its line numbers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from components.errors import Invalid, Location, Problem


class Document:
    """A YAML 1.2 file as plain Python values, with the line of each of them.

    Args:
        path: The file; messages name it as given.

    Raises:
        Invalid: The file is missing, is not YAML, repeats a key, or is not a mapping.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise Invalid(f"{path}: no such file") from None
        except (OSError, UnicodeDecodeError) as error:
            raise Invalid(f"{path}: cannot be read: {error}") from None
        try:
            self._root: Node | None = YAML(typ="safe", pure=True).compose(text)
            data = YAML(typ="safe", pure=True).load(text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            where = f"{path}:{mark.line + 1}" if mark else str(path)
            raise Invalid(f"{where}: not valid YAML: {_first_line(error.problem)}") from None
        if not isinstance(data, Mapping):
            raise Invalid(f"{path}:1: must be a mapping of sections, such as 'ingest:'")
        self.data: dict[str, Any] = dict(data)

    def line(self, location: Location) -> int:
        """The line, from 1, of the deepest part of `location` that the file has."""
        return self._resolve(location)[1]

    def locate(self, problems: Sequence[Problem]) -> Invalid:
        """The problems as an error that names file and line, in file order."""
        rows = []
        for problem in problems:
            found, line = self._resolve(problem.location)
            where = f"{'.'.join(map(str, found))}: " if found else ""
            rows.append((line, f"{self.path}:{line}: {where}{problem.message}"))
        return Invalid("\n".join(text for _, text in sorted(rows)))

    def _resolve(self, location: Location) -> tuple[Location, int]:
        """The parts of `location` that the file has, and the line of the last.

        Parts that the file does not have, such as the tag of a union, are left out; a missing
        key at the end stays, at the line of its parent.
        """
        node, line, found = self._root, 1, []
        for position, part in enumerate(location):
            step = _child(node, part)
            if step is not None:
                node, line = step
                found.append(part)
            elif position == len(location) - 1:
                found.append(part)
        return tuple(found), line


def _child(node: Node | None, part: str | int) -> tuple[Node, int] | None:
    if isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part].start_mark.line + 1
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return value, key.start_mark.line + 1
    return None


def _first_line(text: str | None) -> str:
    return (text or "unknown problem").strip().splitlines()[0]
