"""A YAML file that remembers its line numbers."""

import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from components.base.errors import Invalid, Location, Problem

MAX_BYTES = 256 * 1024  # a thousand class names are 20 kB
MAX_DEPTH = 32
MAX_DIGITS = 300  # of a whole number
MAX_VALUES = 50_000  # aliases counted as often as they stand for something
SHOWN = 50  # mistakes


class Document:
    """A YAML 1.2 file as plain Python values, with the line of each of them.

    Args:
        path: The file; messages name it as given.

    Raises:
        Invalid: The file is missing, is not YAML, repeats a key, is not a mapping, or is larger or
            deeper than anything that a person writes.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        text = _read(path)
        yaml = YAML(typ="safe", pure=True)
        root: Node | None = None
        try:
            root = yaml.compose(text)
            if root is not None:
                _check_size(root, path)
            data = None if root is None else yaml.constructor.construct_document(root)
        except RecursionError:
            raise Invalid(f"{path}: nested too deeply; {MAX_DEPTH} levels are enough") from None
        except YAMLError as error:
            raise Invalid(f"{_where(error, path, text)}: not valid YAML: {_why(error)}") from None
        except (ValueError, LookupError) as error:  # what a tag or its form says it is not
            line = _unreadable(root)
            what = "no value of its tag" if isinstance(error, LookupError) else _why(error)
            raise Invalid(f"{path}:{line}: not valid YAML: {what}") from None
        self._root = root
        if not isinstance(data, Mapping):
            raise Invalid(f"{path}:1: must be a mapping of sections, such as 'ingest:'")
        self.data: dict[str, Any] = dict(data)

    def line(self, location: Location) -> int:
        """The line, from 1, of the deepest part of `location` that the file has."""
        return self._resolve(location)[1]

    def locate(self, problems: Sequence[Problem]) -> Invalid:
        """The problems as an error that names file and line, in file order."""
        rows = set()
        for problem in problems:
            found, line = self._resolve(problem.location)
            where = f"{'.'.join(map(str, found))}: " if found else ""
            rows.add((line, f"{self.path}:{line}: {where}{problem.message}"))
        shown = [text for _, text in sorted(rows)[:SHOWN]]
        if len(rows) > SHOWN:
            shown.append(f"{self.path}: and {len(rows) - SHOWN} more")
        return Invalid("\n".join(shown))

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


def _read(path: Path) -> str:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):  # to read a pipe or a device may never end
            raise Invalid(f"{path}: not a file")
        if found.st_size > MAX_BYTES:
            size = f"{found.st_size / 1024:.0f} kB"
            raise Invalid(f"{path}: {size} is more than the {MAX_BYTES // 1024} kB of a long file")
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise Invalid(f"{path}: no such file") from None
    except UnicodeDecodeError as error:
        raise Invalid(f"{path}: not UTF-8 text: {error.reason} at byte {error.start}") from None
    except OSError as error:
        raise Invalid(f"{path}: cannot be read: {error.strerror}") from None


def _check_size(root: Node, path: Path) -> None:
    """Refuses what would take for ever to look through, before anything looks through it."""
    sizes: dict[int, int] = {}  # of the nodes that are counted already, by identity

    def count(node: Node, depth: int) -> int:
        if depth > MAX_DEPTH:
            line = node.start_mark.line + 1
            raise Invalid(f"{path}:{line}: nested too deeply; {MAX_DEPTH} levels are enough")
        if isinstance(node, ScalarNode):
            _check_text(node, path)
            return 1
        if isinstance(node, MappingNode):
            _check_keys(node, path)
        if id(node) not in sizes:
            sizes[id(node)] = MAX_VALUES + 1  # stays so for one that contains itself
            sizes[id(node)] = 1 + sum(count(part, depth + 1) for part in _parts(node))
        return sizes[id(node)]

    if count(root, 0) > MAX_VALUES:
        raise Invalid(f"{path}: stands for more than {MAX_VALUES} values, its aliases resolved")


def _check_text(node: ScalarNode, path: Path) -> None:
    """Refuses what can be written in a file and said nowhere: a whole number without an end, and
    half a character, which can be escaped (`"\\ud800"`).
    """
    line = node.start_mark.line + 1
    if any("\ud800" <= one <= "\udfff" for one in node.value):
        raise Invalid(f"{path}:{line}: not valid YAML: half a character is none")
    if node.tag.endswith(":int") and len(node.value) > MAX_DIGITS:
        raise Invalid(f"{path}:{line}: a number of {len(node.value)} digits")


def _check_keys(node: MappingNode, path: Path) -> None:
    for key, _ in node.value:
        where = f"{path}:{key.start_mark.line + 1}"
        if not isinstance(key, ScalarNode):
            raise Invalid(f"{where}: a key must be text")
        if not key.tag.endswith((":str", ":merge")):
            raise Invalid(f"{where}: a key must be text; write '{key.value}' in quotes")


def _parts(node: Node) -> Sequence[Node]:
    if isinstance(node, MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value)


def _unreadable(node: Node | None) -> int:
    """The line of the first value that is not what its form or its tag says."""
    if isinstance(node, ScalarNode):
        try:
            YAML(typ="safe", pure=True).constructor.construct_object(node)
        except (ValueError, LookupError):
            return int(node.start_mark.line) + 1
        return 0
    return next(filter(None, map(_unreadable, _parts(node) if node else [])), 0)


def _where(error: Exception, path: Path, text: str) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is not None:
        return f"{path}:{mark.line + 1}"
    if isinstance(error, ReaderError):
        return f"{path}:{text.count(chr(10), 0, error.position) + 1}"
    return str(path)


def _why(error: Exception) -> str:
    if isinstance(error, ReaderError):
        return f"the character {chr(error.character)!r} is not allowed"
    text = str(error.problem) if isinstance(error, MarkedYAMLError) else str(error)
    return (text.strip() or "unknown problem").splitlines()[0]
