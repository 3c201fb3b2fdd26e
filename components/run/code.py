"""What code a stage runs: the modules that somebody writes, and the libraries that it can reach.

A stage depends on these, not on folders: a comment, a docstring, or a module beside those in use
changes nothing for it. They are followed in the sources, without importing any, wherever an
`import` stands; `check_loaded` compares with what was imported in the end. What is installed
(below a `site-packages`) counts by its version.
"""

import ast
import hashlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from types import MappingProxyType, ModuleType

from components.base.errors import Stop
from components.base.sources import is_written
from components.config.lookup import absolute, is_type_checking, source_file

NEUTRAL = {
    "components.run.cache": "finds DVC's cache",
    "components.run.code": "tells what a stage depends on",
    "components.config": "reads and compares YAML; its values, defaults too, are dependencies",
    "components.base.errors": "words for people",
    "components.base.imports": "imports as ever, sooner",
    "components.fitting.progress": "words for people",
    "components.layers.checks": "refuses layers before anything is spent",
    "components.run.names": "finds classes, whose modules are dependencies",
    "components.run.owner": "tells processes apart",
    "components.run.states": "keeps fits, by all that decides them",
    "components.run.quiet": "sends chatter to a file",
    "components.run.tracking": "tells MLflow, and reads nothing from it that is written to an out",
    "components.run.trials": "keeps what trials came to, by all that decides it",
    "components.base.sources": "tells whose a source is",
    "components.base.words": "words for people",
}
"""Modules and packages that change no output, with the reason."""

EXCEPTIONS = frozenset(
    {
        "components.config.building",
        "components.config.compress",
        "components.config.ingest",
        "components.config.models",
        "components.config.overrides",
        "components.config.task",
        "components.config.train",
        "components.config.tune",
    }
)
"""Of a neutral package, but part of what is trained: a dependency of who imports it itself."""

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
COMPUTES = {"sklearn": frozenset({"scipy"})}
"""What a library computes with, so that another version of it gives other numbers."""
MAIN = {"__main__", "__mp_main__"}  # a stage's own, whose package is known
LONGEST = 256  # characters of a path
FOLDERS = 64  # that a module names; links may lead in a circle
RULES = frozenset({"problems", "data_problems"})
VALIDATORS = frozenset({"field_validator", "model_validator"})
OURS = __name__.partition(".")[0]


@dataclass(frozen=True)
class Reached:
    """What some modules can reach."""

    modules: frozenset[str]
    """Whose sources are followed."""
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
        if not is_followed(name):
            libraries.add(name.partition(".")[0])
            continue
        modules.add(name)
        parent = name.rpartition(".")[0]
        todo += [*_imports(name), *([parent] if parent else [])]
    return Reached(frozenset(modules), frozenset(libraries - sys.stdlib_module_names))


def digests(
    found: Reached, backend: str, sections: Mapping[str, frozenset[str]] = MappingProxyType({})
) -> dict[str, str]:
    """For each module a hash of what it does, for each library that computes its version.

    Args:
        found: What `reached` gives.
        backend: What Keras runs on, where it is reached.
        sections: By module the classes whose fields are known by their values (`digest`).
    """
    libraries = found.libraries - NEUTRAL_LIBRARIES
    if "keras" in libraries:
        libraries |= set(BACKENDS[backend])
    if "sklearn" in libraries:
        libraries |= COMPUTES["sklearn"]
    if backend != "jax":  # imported where Keras runs on it; TensorFlow also beside JAX
        libraries -= set(BACKENDS["jax"])
    versions = {name: _version(name) for name in sorted(libraries)}
    return {
        **{name: digest(name, sections.get(name, frozenset())) for name in sorted(found.modules)},
        **{name: there for name, there in versions.items() if there},
    }


@cache
def is_followed(module: str) -> bool:
    """Whether a module is one that somebody writes: neither Python's own nor installed."""
    path = source_file(module)
    return path is not None and is_written(path)


@cache
def digest(module: str, sections: frozenset[str] = frozenset()) -> str:
    """A hash of the syntax tree of a module without docstrings, and of the data files that it has.

    A package has those in its folder; a module of the user's has those that a text in it names,
    from its own folder or the working directory. The hash is the same on every Python: only what a
    node holds counts.

    Args:
        module: Its name.
        sections: Classes in it whose fields and rules do not count: who depends on a value
            depends on it by itself, and a rule refuses a file before anything runs.
    """
    path = source_file(module)
    if path is None:
        raise ValueError(f"no module {module}")
    whole = hashlib.sha256()
    if path.suffix != ".py":  # compiled
        whole.update(path.read_bytes())
    parts: list[str] = []
    _flatten(_tree(path), sections, parts)
    whole.update("".join(f"{part}\0" for part in parts).encode())
    beside = _data_of_package(path.parent) if path.name == "__init__.py" else ()
    named = () if module.partition(".")[0] == OURS else _data_named(path)
    for file in (*beside, *named):
        with file.open("rb") as opened:
            content = hashlib.file_digest(opened, "sha256")
        whole.update(file.name.encode() + b"\0" + content.digest())
    return whole.hexdigest()[:16]


def _data_of_package(folder: Path) -> Iterator[Path]:
    """Files beside the modules of a package, those in folders too; a sub-package has its own."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "__pycache__")) or path.name.endswith("~"):
            continue
        if path.is_dir():
            if not (path / "__init__.py").exists():
                yield from _data_of_package(path)
        elif path.suffix not in (".py", ".pyc", ".pyi", ".typed"):
            yield path


def _data_named(path: Path) -> Iterator[Path]:
    """Files whose paths stand in a module, in one text or a folder a text."""
    texts = {
        node.value
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    named = [one for one in sorted(texts) if 0 < len(one) < LONGEST and one.isprintable()]
    folders = [path.parent, Path.cwd()]
    inner = [one for one in named if one != "." and {"..", "/"}.isdisjoint(Path(one).parts)]
    for folder in folders:  # grows: `Path(__file__).parent / "tables" / "x.csv"`
        below = [folder / one for one in inner] if len(folders) < FOLDERS else []
        folders += [one for one in below if one.is_dir() and one not in folders]
    for text in named:
        places = [folder / text for folder in folders]
        yield from (place for place in dict.fromkeys(places) if place.is_file())


def _flatten(node: ast.AST, sections: frozenset[str], parts: list[str]) -> None:
    """Adds to `parts` what a node holds; a generator would pass each through all levels."""
    parts.append(type(node).__name__)
    is_section = isinstance(node, ast.ClassDef) and node.name in sections
    for name, value in ast.iter_fields(node):
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, ast.stmt) and (
                _is_docstring(part) or _is_for_checkers(part) or (is_section and _is_of_file(part))
            ):
                continue
            if isinstance(part, ast.AST):
                parts.append(f"{name}(")
                _flatten(part, sections, parts)
                parts.append(")")
            elif name != "kind" and (part is not None or isinstance(value, list)):
                parts.append(f"{name}={part!r}")


def _is_of_file(node: ast.stmt) -> bool:
    """Whether a part of a section is a field or a rule."""
    if isinstance(node, ast.AnnAssign):
        return not any(
            isinstance(part, ast.Name) and part.id == "ClassVar"
            for part in ast.walk(node.annotation)
        )
    return isinstance(node, ast.FunctionDef) and (
        node.name in RULES
        or any(
            isinstance(part, ast.Name) and part.id in VALIDATORS
            for decorator in node.decorator_list
            for part in ast.walk(decorator)
        )
    )


def _is_for_checkers(node: ast.stmt) -> bool:
    """Whether a statement does nothing at run time: imports for types, and names for `*`."""
    if isinstance(node, ast.If):
        return is_type_checking(node) and not node.orelse
    return isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets
    )


def _is_docstring(node: ast.stmt) -> bool:
    """Also of an attribute; a constant alone does nothing."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


@cache
def _tree(path: Path) -> ast.Module:
    """Empty for what is compiled."""
    return ast.parse(path.read_bytes() if path.suffix == ".py" else "")


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
            found |= {base, *(one for one in inner if is_followed(one))}
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
def _version(library: str) -> str | None:
    """None where there is none of that name: one of several that a module would do with."""
    try:
        return version(DISTRIBUTIONS.get(library, library))
    except PackageNotFoundError:
        names = sorted(set(packages_distributions().get(library, [])))
    if names:
        return ",".join(f"{name} {version(name)}" for name in names)
    return digest(library) if source_file(library) else None


def check_loaded(known: Iterable[str]) -> None:
    """Compares with the modules that this process has imported in the end.

    Args:
        known: Names that the stage is said to depend on.

    Raises:
        Stop: Others of the project were imported, whose changes would go unnoticed.
    """
    loaded = {name for name, module in list(sys.modules.items()) if _is_of_project(module)}
    unknown = loaded - MAIN - EXCEPTIONS - set(known)
    missing = sorted(name for name in unknown if not is_neutral(name) and not _is_empty(name))
    if missing:
        raise Stop(
            f"{', '.join(missing)}: imported in a way that the sources do not show, so that a "
            "change there would go unnoticed; import it by an `import` statement"
        )


def changed(
    known: Mapping[str, str], since_ns: int, sections: Mapping[str, frozenset[str]]
) -> list[str]:
    """The modules of the project that are others than those of a fingerprint.

    Args:
        known: Of the fingerprint, a hash of each.
        since_ns: When it was made, as the file system has it; only later files are looked at.
        sections: As in `digests`.
    """
    files = {name: source_file(name) for name in known if is_followed(name)}
    later = [name for name, path in files.items() if path and path.stat().st_mtime_ns >= since_ns]
    return [name for name in later if digest(name, sections.get(name, frozenset())) != known[name]]


def _is_of_project(module: ModuleType | None) -> bool:
    file = getattr(module, "__file__", None)
    if file is None:
        return False
    path = Path(file).absolute()
    return path.is_relative_to(Path.cwd()) and is_written(path)


def _is_empty(module: str) -> bool:
    """Whether nothing in it does anything, as in the packages of neutral modules."""
    path = source_file(module)
    return path is not None and path.suffix == ".py" and all(map(_is_nothing, _tree(path).body))


def _is_nothing(node: ast.stmt) -> bool:
    is_typing = isinstance(node, ast.ImportFrom) and node.module == "typing"
    return is_typing or _is_docstring(node) or _is_for_checkers(node)
