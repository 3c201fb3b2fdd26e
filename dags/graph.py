"""The stages of a project and their order, read from its dvc.yaml files.

PyYAML reads them in milliseconds, DVC's own API takes more than a second, and Airflow parses the
DAG file again at each start of a task. A test holds the two equal.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from os.path import normpath
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

PASSED_OVER = {".git", ".dvc", ".venv", "data", "node_modules"}
REFERENCE = re.compile(r"\$\{\s*([^}]+?)\s*\}")


@dataclass(frozen=True)
class Stage:
    """One stage of a graph."""

    name: str
    """As in dvc.yaml."""
    address: str
    """What `dvc repro` calls it: `train@digits`, `other/dvc.yaml:train`."""
    description: str
    deps: tuple[str, ...]
    """Paths that it reads, relative to the project."""
    outs: tuple[str, ...]
    """Paths that it writes: outputs, metrics and plots."""
    for_one: str | None = None
    """Of a stage that works for all lines at once (`meta: {for_one: ...}` in dvc.yaml): the command
    that does the part of one line, whose name is added to it."""


@dataclass(frozen=True)
class Line:
    """The stages that run together: one value of a matrix, or a dvc.yaml without one.

    What a dvc.yaml with a matrix has besides is part of each of its lines.
    """

    name: str
    stages: tuple[Stage, ...]

    @property
    def edges(self) -> list[tuple[str, str]]:
        """Names of stages, upstream and downstream, that share a path."""
        return sorted(
            (before.name, after.name)
            for before, after in product(self.stages, repeat=2)
            if before != after
            and any(_overlap(out, dep) for out in before.outs for dep in after.deps)
        )


def lines(root: Path) -> list[Line]:
    """Every line of the project, that of its own dvc.yaml first.

    Raises:
        ValueError: A file is not YAML, or refers to a value that there is not; the message names
            the file.
    """
    files = [root / "dvc.yaml", *sorted(_below(root))]
    return [line for file in files if file.exists() for line in _lines(file, root)]


def _below(folder: Path) -> Iterator[Path]:
    """The dvc.yaml files in sub-folders."""
    for path in folder.iterdir():
        if path.is_dir() and not path.name.startswith(".") and path.name not in PASSED_OVER:
            if (path / "dvc.yaml").exists():
                yield path / "dvc.yaml"
            yield from _below(path)


def _lines(file: Path, root: Path) -> Iterator[Line]:
    folder = file.parent.relative_to(root)
    values = _read(file.with_name("params.yaml")) if file.with_name("params.yaml").exists() else {}
    grouped: dict[str, list[Stage]] = defaultdict(list)
    stages = _read(file).get("stages", {})
    matrix = [entry["matrix"] for entry in stages.values() if "matrix" in entry]
    keys = list(dict.fromkeys(key for one in matrix for key, _ in _copies(one, values, file)))
    for name, entry in stages.items():
        for key, item in _items(entry, values, file):
            made = _stage(name, key, entry, {**values, **item}, file, folder)
            for line in keys if keys and "matrix" not in entry else [key]:
                grouped[line].append(made)
    for key, members in grouped.items():
        parts = [part for part in (*folder.parts, key) if part]
        yield Line(".".join(parts) or root.resolve().name, tuple(members))


def _items(
    entry: Mapping[str, Any], values: Mapping[str, Any], file: Path
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The copies of a stage: what is behind its `@`, and what `${item}` stands for."""
    if "matrix" not in entry:
        yield "", {}
    else:
        yield from _copies(entry["matrix"], values, file)


def _copies(
    matrix: Mapping[str, Any], values: Mapping[str, Any], file: Path
) -> Iterator[tuple[str, dict[str, Any]]]:
    axes = {axis: _resolve(given, values, file) for axis, given in matrix.items()}
    for combination in product(*axes.values()):
        yield "-".join(map(str, combination)), {"item": dict(zip(axes, combination, strict=True))}


def _stage(
    name: str,
    key: str,
    entry: Mapping[str, Any],
    values: Mapping[str, Any],
    file: Path,
    folder: Path,
) -> Stage:
    base = folder / _resolve(entry.get("wdir", "."), values, file)
    paths = {
        kind: [_path(one, base, values, file) for one in entry.get(kind, [])]
        for kind in ("deps", "outs", "metrics", "plots")
    }
    address = f"{name}@{key}" if key else name
    return Stage(
        name,
        f"{folder / 'dvc.yaml'}:{address}" if folder.parts else address,
        entry.get("desc", ""),
        tuple(paths["deps"]),
        (*paths["outs"], *paths["metrics"], *paths["plots"]),
        entry.get("meta", {}).get("for_one"),
    )


def _path(one: Any, base: Path, values: Mapping[str, Any], file: Path) -> str:
    """A path, written alone or as the key of its settings, relative to the project."""
    text = next(iter(one)) if isinstance(one, Mapping) else one
    return PurePosixPath(normpath(base / str(_resolve(text, values, file)))).as_posix()


def _resolve(value: Any, values: Mapping[str, Any], file: Path) -> Any:
    """A value with every `${reference}` replaced; one that is nothing else keeps its type."""
    if not isinstance(value, str):
        return value
    if whole := REFERENCE.fullmatch(value):
        return _look_up(whole[1], values, file)
    return REFERENCE.sub(lambda match: str(_look_up(match[1], values, file)), value)


def _look_up(reference: str, values: Mapping[str, Any], file: Path) -> Any:
    found: Any = values
    for part in reference.split("."):
        if not isinstance(found, Mapping) or part not in found:
            raise ValueError(f"{file}: '${{{reference}}}' is in no params.yaml beside it")
        found = found[part]
    return found


def _read(file: Path) -> dict[str, Any]:
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ValueError(f"{file}:{line}: not valid YAML: {error.problem}") from None


def _overlap(out: str, dep: str) -> bool:
    """Whether one path is the other, or is inside of it."""
    return out == dep or dep.startswith(f"{out}/") or out.startswith(f"{dep}/")
