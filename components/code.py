"""What code a stage runs: the modules of the project and the libraries that it can reach.

A stage depends on these, not on folders: a comment, a docstring, or a module beside those in use
changes nothing for it. They are followed in the sources, without importing any, wherever an
`import` stands; `check_loaded` compares with what was imported in the end.
"""

import ast
import hashlib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from types import ModuleType
from typing import Any

from components.config.lookup import absolute, is_type_checking, source_file

NEUTRAL = {
    "components.code": "tells what a stage depends on",
    "components.config": "reads and compares YAML; its values, defaults too, are dependencies",
    "components.errors": "words for people",
    "components.fitting.progress": "words for people",
    "components.layer_checks": "refuses layers before anything is spent",
    "components.names": "finds classes, whose modules are dependencies",
    "components.owner": "tells processes apart",
    "components.quiet": "sends chatter to a file",
    "components.tracking": "tells MLflow, and reads nothing from it that is written to an out",
    "components.words": "words for people",
}
"""Modules and packages that change no output, with the reason."""

EXCEPTIONS = frozenset({"components.config.overrides"})
"""Of a neutral package, but laid over what is trained: a dependency of who imports it itself."""

NEUTRAL_LIBRARIES = frozenset(
    {
        "distributed",
        "filelock",
        "huggingface_hub",
        "platformdirs",
        "psutil",
        "pydantic",
        "pydantic_core",
        "rich",
        "ruamel",
        "threadpoolctl",
        "tqdm",
        "typing_extensions",
        "yaml",
    }
)
"""They show progress, read YAML, lock, download what is checked, or share out work."""
DISTRIBUTIONS = {"PIL": "pillow", "sklearn": "scikit-learn", "ai_edge_litert": "ai-edge-litert"}
BACKENDS = {"tensorflow": ("tensorflow",), "jax": ("jax", "jaxlib")}


@dataclass(frozen=True)
class Reached:
    """What some modules can reach."""

    modules: frozenset[str]
    """Of the project."""
    libraries: frozenset[str]
    """Top-level names of everything else that is not Python's own."""


def is_neutral(module: str) -> bool:
    """Whether a module changes no output."""
    if module in EXCEPTIONS:
        return False
    return module in NEUTRAL or module.rpartition(".")[0] in NEUTRAL


def reached(roots: Iterable[str]) -> Reached:
    """The modules that `roots` import, and what these import, and so on."""
    modules: set[str] = set()
    libraries: set[str] = set()
    todo = list(roots)
    while todo:
        name = todo.pop()
        if name in modules or is_neutral(name):
            continue
        if not is_of_project(name):
            libraries.add(name.partition(".")[0])
            continue
        modules.add(name)
        parent = name.rpartition(".")[0]
        todo += [*_imports(name), *([parent] if parent else [])]
    return Reached(frozenset(modules), frozenset(libraries - sys.stdlib_module_names))


def digests(found: Reached, backend: str) -> dict[str, str]:
    """For each module a hash of what it does, for each library that computes its version.

    Args:
        found: What `reached` gives.
        backend: What Keras runs on, where it is reached.
    """
    libraries = found.libraries - NEUTRAL_LIBRARIES
    if "keras" in libraries:
        libraries |= set(BACKENDS[backend])
    if backend != "jax":  # imported where Keras runs on it; TensorFlow also beside JAX
        libraries -= set(BACKENDS["jax"])
    return {
        **{name: digest(name) for name in sorted(found.modules)},
        **{name: _version(name) for name in sorted(libraries)},
    }


@cache
def is_of_project(module: str) -> bool:
    """Whether a module is a file below the working directory, and not of its environment."""
    path = source_file(module)
    if path is None:
        return False
    folder = Path.cwd()
    inside = path.resolve()
    return inside.is_relative_to(folder) and not any(
        (parent / "pyvenv.cfg").exists()
        for parent in inside.parents
        if parent != folder and parent.is_relative_to(folder)
    )


@cache
def digest(module: str) -> str:
    """A hash of the syntax tree of a module without docstrings, and of the data files beside it.

    It is the same on every Python: only what a node holds counts.
    """
    path = source_file(module)
    if path is None:
        raise ValueError(f"no module {module}")
    whole = hashlib.sha256()
    for part in _flat(_tree(path)):
        whole.update(f"{part}\0".encode())
    if path.name == "__init__.py":
        for file in sorted(path.parent.iterdir()):
            if file.is_file() and file.suffix not in (".py", ".pyc", ".pyi", ".typed"):
                whole.update(file.name.encode() + b"\0" + file.read_bytes())
    return whole.hexdigest()[:16]


def _flat(node: ast.AST) -> Iterator[str]:
    yield type(node).__name__
    for name, value in ast.iter_fields(node):
        for part in value if isinstance(value, list) else [value]:
            if _is_docstring(part):
                continue
            if isinstance(part, ast.AST):
                yield f"{name}("
                yield from _flat(part)
                yield ")"
            elif part is not None and name != "kind":
                yield f"{name}={part!r}"


def _is_docstring(node: Any) -> bool:
    """Also of an attribute; a constant alone does nothing."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def _imports(module: str) -> frozenset[str]:
    """What a module imports, at its top or inside of a function."""
    path = source_file(module)
    if path is None:
        return frozenset()
    found = set()
    for node in _at_run_time(_tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = absolute(module, node)
            # `from package import name`: a module of the package, or a thing in it.
            inner = {f"{base}.{alias.name}" for alias in node.names}
            found |= {base, *(one for one in inner if is_of_project(one))}
    return frozenset(found - {module, ""})


def _at_run_time(node: ast.AST) -> Iterator[ast.AST]:
    """Every node but what is for type checkers alone."""
    yield node
    if isinstance(node, ast.If) and is_type_checking(node):
        for other in node.orelse:
            yield from _at_run_time(other)
    elif not isinstance(node, ast.expr):  # no import stands in an expression
        for child in ast.iter_child_nodes(node):
            yield from _at_run_time(child)


@cache
def _version(library: str) -> str:
    try:
        return version(DISTRIBUTIONS.get(library, library))
    except PackageNotFoundError:
        names = packages_distributions().get(library, [])
        return ",".join(f"{name} {version(name)}" for name in sorted(set(names))) or "?"


def check_loaded(known: Iterable[str]) -> None:
    """Compares with the modules that this process has imported in the end.

    Args:
        known: Names that the stage is said to depend on.

    Raises:
        RuntimeError: Others were imported, whose changes would go unnoticed.
    """
    loaded = {name for name, module in list(sys.modules.items()) if _is_file(module)}
    unknown = loaded - {"__main__"} - EXCEPTIONS - set(known)
    missing = sorted(
        name
        for name in unknown
        if is_of_project(name) and not is_neutral(name) and not _is_empty(name)
    )
    if missing:
        raise RuntimeError(
            f"{', '.join(missing)}: imported in a way that the sources do not show, so that a "
            "change there would go unnoticed; import it by an `import` statement"
        )


def _is_file(module: ModuleType | None) -> bool:
    return getattr(module, "__file__", None) is not None


def _is_empty(module: str) -> bool:
    """Whether there is nothing but a docstring in it, as in the packages of neutral modules."""
    path = source_file(module)
    return path is not None and all(map(_is_docstring, _tree(path).body))
