"""Find a class by the name that a pipeline file gives it, without importing anything.

Keras already is a registry: a name is looked up in a list of homes, modules such as
`keras.layers`, first home first, and `package.module:Class` is looked up in that module. The
lookup reads source files instead of importing them, so that a whole pipeline file is checked
in milliseconds and by processes that never load a framework (DVC's, Airflow's). Only classes
are found: a name cannot reach a helper function.
"""

import ast
import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Parameters:
    """What a constructor takes."""

    names: tuple[str, ...]
    required: frozenset[str]
    is_open: bool
    """Whether it takes more than the names: a `**kwargs` that could not be followed."""


@dataclass(frozen=True)
class Definition:
    """Where a class is defined."""

    module: str
    name: str

    def load(self) -> type[Any]:
        """Imports the class."""
        return getattr(import_module(self.module), self.name)  # type: ignore[no-any-return]


def find(name: str, homes: Sequence[str], kind: str) -> Definition:
    """Looks `name` up in `homes`, or in its own module where it has a colon.

    Args:
        name: A class name, or `package.module:Class`.
        homes: Module names; the first that has the name wins.
        kind: What the name should be, for the message: "layer".

    Raises:
        LookupError: No home has it; the message offers the nearest name.
    """
    if ":" in name:
        module, _, name = name.partition(":")
        if source_file(module) is None:
            raise LookupError(f"no module '{module}'")
        homes = [module]
    for home in homes:
        if name[:1].isupper() and _resolve(home, name):
            return Definition(home, name)
    known = [key for home in homes for key in classes(home)]
    raise LookupError(f"no {kind} '{name}' in {' or '.join(homes)}{near(name, known)}")


def near(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'X'?` for the nearest of the known names, or nothing."""
    lowered = {key.lower(): key for key in known}
    matches = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    return f"; did you mean '{lowered[matches[0]]}'?" if matches else ""


@cache
def source_file(module: str) -> Path | None:
    """The file that `module` would be imported from, or None where there is none."""
    path: Sequence[str] | None = None
    spec = None
    for part in module.split("."):
        spec = PathFinder.find_spec(part, path)
        if spec is None:
            return None
        path = spec.submodule_search_locations
    return Path(spec.origin) if spec and spec.origin else None


@cache
def _tree(module: str) -> ast.Module:
    path = source_file(module)
    return ast.parse(path.read_text(encoding="utf-8")) if path else ast.Module([], [])


@cache
def _imports(module: str) -> dict[str, Definition]:
    """What `from x import y as z` lines of `module` bind: z -> (x, y)."""
    return {
        alias.asname or alias.name: Definition(node.module, alias.name)
        for node in _tree(module).body
        if isinstance(node, ast.ImportFrom) and node.module and not node.level
        for alias in node.names
    }


@cache
def _defined(module: str) -> dict[str, ast.ClassDef]:
    return {node.name: node for node in _tree(module).body if isinstance(node, ast.ClassDef)}


@cache
def classes(module: str) -> dict[str, Definition]:
    """The public classes of `module`: defined there, or imported there by name.

    An imported one keeps the public home (`keras.layers.Dense`, not the file behind it).
    """
    return {
        name: Definition(module, name)
        for name in [*_imports(module), *_defined(module)]
        if name[0].isupper() and _resolve(module, name)
    }


def _resolve(module: str, name: str) -> tuple[str, ast.ClassDef] | None:
    """The module and the source of class `name`, followed through re-exports."""
    head, _, rest = name.partition(".")
    for _ in range(8):  # re-exports are a few deep; a cycle must not hang
        if not rest and head in _defined(module):
            return module, _defined(module)[head]
        imported = _imports(module).get(head)
        if imported is None:
            return None
        module, head = imported.module, imported.name
        if rest and source_file(f"{module}.{head}"):
            module, head, rest = f"{module}.{head}", rest, ""
    return None


def docstring(definition: Definition) -> str:
    """What the source of a class says of it, indented as in a module."""
    resolved = _resolve(definition.module, definition.name)
    return (ast.get_docstring(resolved[1]) if resolved else None) or ""


@cache
def parameters(definition: Definition) -> Parameters:
    """What the constructor of a class takes, its base classes' `**kwargs` included."""
    names: dict[str, None] = {}
    required: frozenset[str] | None = None
    resolved = _resolve(definition.module, definition.name)
    while resolved:
        module, node = resolved
        signature = _constructor(node)
        if signature:
            names |= dict.fromkeys(arg.arg for arg in _arguments(signature))
            required = _required(signature) if required is None else required
            # Layer is where Keras's own keyword arguments end.
            if signature.kwarg is None or node.name in ("Layer", "BaseOptimizer"):
                return Parameters(tuple(names), required, is_open=False)
        bases = [_resolve(module, ast.unparse(base)) for base in node.bases]
        if not bases:
            return Parameters(tuple(names), required or frozenset(), is_open=False)
        resolved = next(filter(None, bases), None)
    return Parameters(tuple(names), required or frozenset(), is_open=True)


def _constructor(node: ast.ClassDef) -> ast.arguments | None:
    for item in node.body:
        if isinstance(item, ast.FunctionDef) and item.name == "__init__":
            return item.args
    return None


def _arguments(signature: ast.arguments) -> list[ast.arg]:
    return [*signature.posonlyargs, *signature.args, *signature.kwonlyargs][1:]


def _required(signature: ast.arguments) -> frozenset[str]:
    positional = [*signature.posonlyargs, *signature.args][1:]
    without = positional[: len(positional) - len(signature.defaults)]
    keyword = zip(signature.kwonlyargs, signature.kw_defaults, strict=True)
    without += [arg for arg, default in keyword if default is None]
    return frozenset(arg.arg for arg in without)
