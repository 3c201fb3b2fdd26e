"""The entries of dvc.lock: what DVC has written of each stage that came to its end."""

from pathlib import Path
from typing import Any

import yaml

from dags.git import git

LOCKS = ":(glob)**/dvc.lock"
Entries = dict[str, dict[str, Any]]
"""By path of a dvc.lock and name of a stage, what DVC has written."""


def files(folder: Path) -> list[str]:
    """The dvc.lock files of a clone, relative to it."""
    found = git(folder, "ls-files", "-z", "--cached", "--others", "--", LOCKS).split("\0")
    return [path for path in found if path and (folder / path).exists()]


def of_folder(folder: Path) -> Entries:
    """The entries that a clone has."""
    texts = {path: (folder / path).read_text() for path in files(folder)}
    # DVC writes in place: killed meanwhile, it leaves a file that ends anywhere.
    return {path: _stages(text) for path, text in texts.items() if text.endswith("\n")}


def of_commit(folder: Path, commit: str) -> Entries:
    """The entries that a commit has."""
    names = git(folder, "ls-tree", "-r", "--name-only", "-z", commit).split("\0")
    found = [name for name in names if name.rpartition("/")[2] == "dvc.lock"]
    return {path: _stages(git(folder, "show", f"{commit}:{path}")) for path in found}


def _stages(text: str) -> dict[str, Any]:
    try:
        return dict((_parsed(text) or {}).get("stages") or {})
    except (yaml.YAMLError, AttributeError, TypeError):  # a merge's marks: DVC says so
        return {}


def _parsed(text: str) -> Any:
    """As by `yaml.safe_load`, nine times as fast: every task reads all stages of all pipelines."""
    return yaml.load(text, yaml.CSafeLoader)


def difference(before: Entries, after: Entries) -> Entries:
    """The entries that are new or other than before."""
    changed = {
        path: {
            name: entry for name, entry in stages.items() if before.get(path, {}).get(name) != entry
        }
        for path, stages in after.items()
    }
    return {path: stages for path, stages in changed.items() if stages}


def overlay(folder: Path, entries: Entries) -> None:
    """Puts entries into the dvc.lock files of a clone."""
    for path, stages in entries.items():
        file = folder / path
        if not file.parent.is_dir():
            continue
        there: dict[str, Any] = {"schema": "2.0"}
        if file.exists():
            there = _parsed(file.read_text())
        there["stages"] = {**(there.get("stages") or {}), **stages}
        write(file, there)


def write(file: Path, value: Any) -> None:
    """Beside, then renamed: half an entry would be taken for one."""
    partial = file.with_name(f"{file.name}.partial")
    partial.write_text(yaml.dump(value, Dumper=yaml.CSafeDumper, sort_keys=False))
    partial.replace(file)


def outs(folder: Path, address: str) -> dict[str, str]:
    """By path, the hashes of what a stage has made."""
    made = entry(folder, address).get("outs", ())
    return {out["path"]: str(out.get("md5", "")) for out in made}


def made(folder: Path, address: str) -> dict[str, str]:
    """What tells one version of what a stage makes from another: of one without outs, its deps."""
    deps = entry(folder, address).get("deps", ())
    return outs(folder, address) or {dep["path"]: str(dep.get("md5", "")) for dep in deps}


def has(entries: Entries, address: str) -> bool:
    """Whether a stage is among them."""
    return bool(named(entries, address))


def named(entries: Entries, address: str) -> dict[str, Any]:
    """What one of them has of a stage; nothing where it was never run."""
    path, name = place(address)
    return dict(entries.get(path, {}).get(name, {}))


def entry(folder: Path, address: str) -> dict[str, Any]:
    """What dvc.lock has of a stage; nothing where it was never run."""
    path, _ = place(address)
    file = folder / path
    return named({path: _stages(file.read_text())}, address) if file.exists() else {}


def place(address: str) -> tuple[str, str]:
    """The dvc.lock of a stage, and the stage's name in it."""
    path, _, name = address.rpartition(":")
    return (str(Path(path).with_suffix(".lock")) if path else "dvc.lock"), name
