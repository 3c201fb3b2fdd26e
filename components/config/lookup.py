"""Find a class by the name that a pipeline file gives it, without importing anything.

Keras already is a registry: a name is looked up in a list of homes, modules such as
`keras.layers`, first home first, and `package.module:Class` is looked up in that module. The
lookup reads source files instead of importing them, so that a whole pipeline file is checked
in milliseconds and by processes that never load a framework (DVC's, Airflow's). Only classes
are found: a name cannot reach a helper function.
"""

import ast
import builtins
import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

BUILT_IN = frozenset(dir(builtins))


@dataclass(frozen=True)
class Parameters:
    """What a constructor takes."""

    names: tuple[str, ...]
    required: frozenset[str]
    is_open: bool
    """Whether it takes more than the names: a `**kwargs` that could not be followed."""
    defaults: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """Those that are written as a number, a text, a truth value, or `()`."""


@dataclass(frozen=True)
class Definition:
    """Where a class is defined."""

    module: str
    name: str

    @property
    def home(self) -> str:
        """The module that defines the class, behind all re-exports."""
        resolved = _resolve(self.module, self.name)
        return resolved[0] if resolved else self.module

    def load(self) -> type[Any]:
        """Imports the class from its home, and so nothing that is re-exported beside it.

        Raises:
            ImportError: The module ends the process.
        """
        try:
            return getattr(import_module(self.home), self.name)  # type: ignore[no-any-return]
        except SystemExit:
            raise ImportError(f"{self.home} ends the process when it is imported") from None


def find(name: str, homes: Sequence[str], kind: str) -> Definition:
    """Looks `name` up in `homes`, or in its own module where it has a colon.

    Args:
        name: A class name, or `package.module:Class`.
        homes: Module names; the first that has the name wins.
        kind: What the name should be, for the message: "layer".

    Raises:
        LookupError: No home has it; the message offers the nearest name. Or its module is not
            Python.
    """
    if ":" in name:
        return _own(name, kind)
    for home in homes:
        if name[:1].isupper() and _resolve(home, name):
            return Definition(home, name)
    known = [key for home in homes for key in classes(home)]
    hint = with_colon(name, homes) or near(name.rpartition(".")[2], known)
    raise LookupError(f"no {kind} '{name}' in {' or '.join(homes)}{hint}")


def _own(name: str, kind: str) -> Definition:
    """A class of the user's; the arguments are those of `find`."""
    module, _, attribute = name.partition(":")
    check_module(module)
    if _resolve(module, attribute):
        return Definition(module, attribute)
    hint = _instead(module, attribute, f"a {kind} must be a class")
    hint = hint or near(attribute, classes(module))
    raise LookupError(f"no {kind} '{attribute}' in {module}{hint}")


def with_colon(name: str, homes: Sequence[str] = ()) -> str:
    """`; did you mean 'package.module:Class'?` where a name has a dot for the colon, or nothing."""
    module, _, attribute = name.rpartition(".")
    is_there = module and module not in homes and source_file(module)
    return f"; did you mean '{module}:{attribute}'?" if is_there else ""


def _instead(module: str, name: str, wanted: str) -> str:
    """What else a module has by a name, or where else; nothing where it has none."""
    tree = _tree(module)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            if node not in tree.body:
                return f"; the one in line {node.lineno} must stand at the top of the module"
            what = "class" if isinstance(node, ast.ClassDef) else "function"
            return f": it is a {what}, in line {node.lineno}; {wanted}"
    return ""


def check_module(module: str) -> None:
    """Raises a `LookupError` where there is no such module, or it is not Python."""
    path = source_file(module) if module else None
    if path is None:
        dotted = re.sub(r"[/\\]+", ".", module.removeprefix("./").removesuffix(".py"))
        hint = f"; did you mean '{dotted}'?" if dotted != module and source_file(dotted) else ""
        raise LookupError(f"no module '{module}'{hint}")
    try:
        _tree(module)
    except (SyntaxError, UnicodeDecodeError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        what = getattr(error, "msg", error)  # without the line, which stands before it
        raise LookupError(f"{path}:{line}: not valid Python: {what}") from None


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
        path = spec.submodule_search_locations or []  # nothing lies below a module
    return Path(spec.origin) if spec and spec.origin else None


@cache
def _tree(module: str) -> ast.Module:
    path = source_file(module)
    if path is None or path.suffix != ".py":  # a compiled module has no source
        return ast.Module([], [])
    return ast.parse(path.read_bytes())  # which may say its encoding, as Python reads it


@cache
def _imports(module: str) -> dict[str, Definition]:
    """What `from x import y as z` lines of `module` bind: z -> (x, y).

    Those that only a type checker reads count too: a package names so what it has, and imports
    nothing (`components.layers`).
    """
    return {
        alias.asname or alias.name: Definition(absolute(module, node), alias.name)
        for node in _top_level(_tree(module).body)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


@cache
def _modules(module: str) -> dict[str, str]:
    """What `import x.y` and `import x.y as z` lines of `module` bind: x -> x, z -> x.y."""
    aliases = [
        alias
        for node in _top_level(_tree(module).body)
        if isinstance(node, ast.Import)
        for alias in node.names
    ]
    tops = {top: top for top in (one.name.partition(".")[0] for one in aliases if not one.asname)}
    return tops | {one.asname: one.name for one in aliases if one.asname}


def _top_level(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if isinstance(node, ast.If) and is_type_checking(node):
            yield from node.body


def is_type_checking(node: ast.If) -> bool:
    """Whether a branch is for type checkers alone."""
    return ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def absolute(module: str, node: ast.ImportFrom) -> str:
    """The module that a `from ... import` line of `module` names."""
    if not node.level:
        return node.module or ""
    path = source_file(module)
    parts = module.split(".")
    # The package of a module is its parent; a package is its own.
    drop = node.level - (1 if path and path.name == "__init__.py" else 0)
    return ".".join([*parts[: len(parts) - drop], *([node.module] if node.module else [])])


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


def functions(module: str) -> list[str]:
    """The names in `module` that are spelt as functions: defined there, or imported there."""
    defined = (one.name for one in _tree(module).body if isinstance(one, ast.FunctionDef))
    return [name for name in [*defined, *_imports(module)] if name[0].islower()]


def _resolve(module: str, name: str) -> tuple[str, ast.ClassDef] | None:
    """The module and the source of class `name`, followed through re-exports."""
    head, _, rest = name.partition(".")
    for _ in range(8):  # re-exports are a few deep; a cycle must not hang
        if not rest and head in _defined(module):
            return module, _defined(module)[head]
        if rest and head in (bound := _modules(module)):  # `import keras`: `keras.layers.Layer`
            module, _, head = f"{bound[head]}.{rest}".rpartition(".")
            rest = ""
            continue
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


def _lineage(definition: Definition) -> Iterator[tuple[str, ast.ClassDef]]:
    """The class and its base classes as far as their sources are found, nearest first."""
    todo = [_resolve(definition.module, definition.name)]
    seen = set()
    while todo:
        resolved = todo.pop(0)
        if resolved is None or (resolved[0], resolved[1].name) in seen:
            continue
        module, node = resolved
        seen.add((module, node.name))
        yield module, node
        todo += [_resolve(module, ast.unparse(base)) for base in node.bases]


@cache
def ancestry(definition: Definition) -> frozenset[str]:
    """The names of a class and of its base classes."""
    return frozenset(node.name for _, node in _lineage(definition))


@cache
def is_another(definition: Definition, base: str) -> bool:
    """Whether a class is certainly not derived from one of this name: all its sources are known."""
    return base not in ancestry(definition) and all(
        _resolve(module, ast.unparse(one)) or ast.unparse(one) in BUILT_IN
        for module, node in _lineage(definition)
        for one in node.bases
    )


@cache
def makes(definition: Definition, name: str) -> bool:
    """Whether the constructor of a class, or of a base class, makes a thing (`SeedGenerator`)."""
    return any(
        isinstance(one, ast.Call) and ast.unparse(one.func).rpartition(".")[2] == name
        for _, node in _lineage(definition)
        for method in node.body
        if isinstance(method, ast.FunctionDef) and method.name == "__init__"
        for one in ast.walk(method)
    )


@cache
def method(definition: Definition, name: str) -> ast.FunctionDef | None:
    """The source of a method of a class, or of the nearest base class that has it."""
    methods = (
        one
        for _, node in _lineage(definition)
        for one in node.body
        if isinstance(one, ast.FunctionDef) and one.name == name
    )
    return next(methods, None)


@cache
def parameters(definition: Definition) -> Parameters:
    """What the constructor of a class takes, its base classes' `**kwargs` included."""
    names: dict[str, None] = {}
    defaults: dict[str, Any] = {}
    required: frozenset[str] | None = None
    resolved = _resolve(definition.module, definition.name)
    while resolved:
        module, node = resolved
        signature = _constructor(node) or _of_dataclass(node)
        if signature:
            names |= dict.fromkeys(arg.arg for arg in _arguments(signature))
            defaults = {**_constants(signature), **defaults}
            required = _required(signature) if required is None else required
            # Layer is where Keras's own keyword arguments end.
            if signature.kwarg is None or node.name in ("Layer", "BaseOptimizer"):
                return Parameters(tuple(names), required, is_open=False, defaults=defaults)
        bases = [_resolve(module, ast.unparse(base)) for base in node.bases]
        if not bases:
            kept = required or frozenset()
            return Parameters(tuple(names), kept, is_open=False, defaults=defaults)
        found = [base for base in bases if base]
        resolved = next(filter(lambda base: _constructs(*base), found), next(iter(found), None))
    return Parameters(tuple(names), required or frozenset(), is_open=True, defaults=defaults)


def function_parameters(name: str) -> Parameters:
    """What a function takes besides its first argument.

    Args:
        name: `package.module:function`.

    Raises:
        LookupError: There is no such module or function.
    """
    module, _, function = name.partition(":")
    check_module(module)
    found = {one.name: one.args for one in _tree(module).body if isinstance(one, ast.FunctionDef)}
    if function in found:
        signature = found[function]
        names = tuple(arg.arg for arg in _arguments(signature))
        return Parameters(names, _required(signature), is_open=signature.kwarg is not None)
    if imported := _imports(module).get(function):
        return function_parameters(f"{imported.module}:{imported.name}")
    hint = _instead(module, function, "it must be a function") or near(function, found)
    raise LookupError(f"no function '{function}' in {module}{hint}")


def _constructs(module: str, node: ast.ClassDef) -> bool:
    """Whether a class or a base class has a constructor: a mixin before it has none."""
    lineage = _lineage(Definition(module, node.name))
    return any(_constructor(one) or _of_dataclass(one) for _, one in lineage)


def _constants(signature: ast.arguments) -> dict[str, Any]:
    """Defaults that are written as constants, or as no values."""
    positional = [*signature.posonlyargs, *signature.args]
    given = [
        *zip(reversed(positional), reversed(signature.defaults), strict=False),
        *zip(signature.kwonlyargs, signature.kw_defaults, strict=True),
    ]
    constants = {arg.arg: node.value for arg, node in given if isinstance(node, ast.Constant)}
    empty = {arg.arg: () for arg, node in given if isinstance(node, ast.Tuple) and not node.elts}
    return {**constants, **empty}


def _constructor(node: ast.ClassDef) -> ast.arguments | None:
    for item in node.body:
        if isinstance(item, ast.FunctionDef) and item.name == "__init__":
            return item.args
    return None


def _of_dataclass(node: ast.ClassDef) -> ast.arguments | None:
    """The constructor that a dataclass is given: its annotated fields, less what data says."""
    if not any("dataclass" in ast.unparse(one) for one in node.decorator_list):
        return None
    fields = [
        one
        for one in node.body
        if isinstance(one, ast.AnnAssign)
        and not ast.unparse(one.annotation).startswith(("ClassVar", "Found["))
    ]
    names = [ast.arg("self"), *(ast.arg(ast.unparse(one.target)) for one in fields)]
    defaults = [one.value for one in fields if one.value]
    inherited = ast.arg("inherited") if node.bases else None  # a base class may add fields
    return ast.arguments([], names, None, [], [], inherited, defaults)


def _arguments(signature: ast.arguments) -> list[ast.arg]:
    return [*signature.posonlyargs, *signature.args, *signature.kwonlyargs][1:]


def _required(signature: ast.arguments) -> frozenset[str]:
    positional = [*signature.posonlyargs, *signature.args][1:]
    without = positional[: len(positional) - len(signature.defaults)]
    keyword = zip(signature.kwonlyargs, signature.kw_defaults, strict=True)
    without += [arg for arg, default in keyword if default is None]
    return frozenset(arg.arg for arg in without)
