"""The project that a command is for, and its pipelines by name or by path."""

import getpass
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from shlex import quote

from components.base.errors import Invalid
from components.config.document import Document
from components.config.lookup import near
from components.config.params import Params

MARKS = ("dvc.yaml", "params.yaml", "pipelines")
OURS = Path(__file__).resolve().parent.parent  # the package that speaks


def enter() -> Path:
    """Goes to the project's folder, this one or one above, and gives the one where it was called.

    Raises:
        Invalid: There is none, or its stages would run other code than this.
    """
    here = Path.cwd()
    try:
        getpass.getuser()
    except (KeyError, OSError):  # of a container that is started as anybody; DVC asks for a name
        os.environ["USER"] = str(os.getuid())
    for folder in (here, *here.parents):
        if all((folder / mark).exists() for mark in MARKS):
            if (folder / OURS.name).exists() and not OURS.samefile(folder / OURS.name):
                raise Invalid(
                    f"this is the millrace of {OURS.parent}, and not of {folder}; "
                    "activate the environment there, or: "
                    f"cd {quote(str(folder))}; python -m components"
                )
            os.chdir(folder)
            return here
    raise Invalid(f"{here} is in no project: no folder above has {', '.join(MARKS)}")


def pipeline_file(given: str, called_from: Path) -> Path:
    """The file of a pipeline.

    Args:
        given: Its name (`digits`), or a path (`pipelines/digits.yaml`).
        called_from: What a path starts from.

    Raises:
        Invalid: There is no such file.
    """
    if given.endswith((".yaml", ".yml")) or "/" in given:
        path = called_from / given
        if not path.is_file():
            raise Invalid(f"{given}: no such file")
        return Path(os.path.relpath(path))
    path = Path("pipelines", f"{given}.yaml")
    if not path.exists():
        known = names()
        there = f"; there are {', '.join(known)}" if known else "; there is none"
        raise Invalid(f"no pipeline '{given}'{near(given, known) or there}")
    return path


def name(given: str, called_from: Path) -> str:
    """The name of a pipeline of the project, from its name or its path."""
    path = pipeline_file(given, called_from)
    if path.parent != Path("pipelines"):
        raise Invalid(f"{given} is not in pipelines/")
    return path.stem


def check_merged(root: Path = Path()) -> None:
    """Raises an `Invalid` where a merge has left both sides in dvc.lock, which DVC cannot read."""
    path = root / "dvc.lock"
    if path.is_file() and re.search(rb"^<{7} ", path.read_bytes(), re.MULTILINE):
        raise Invalid(
            "dvc.lock: a merge has left both sides in it. Either will do, as what both have run is "
            "restored: git checkout --ours dvc.lock, then run (with --pull what others have run)"
        )


def names() -> list[str]:
    """Of all pipelines that have a file."""
    return sorted(path.stem for path in Path("pipelines").glob("*.yaml"))


def active() -> Sequence[str]:
    """The names that params.yaml lists, checked."""
    return Params.load(Path("params.yaml")).pipelines


def completed(incomplete: str) -> Iterator[str]:
    """Names that begin so, for the shell."""
    try:
        enter()
    except Invalid:
        return
    yield from (one for one in names() if one.startswith(incomplete))


def document(given: str, called_from: Path) -> Document:
    """The file of a pipeline, read."""
    return Document(pipeline_file(given, called_from))


def check_active(chosen: Sequence[str], known: Sequence[str]) -> None:
    """Raises `Invalid` where a pipeline is not among the active ones, and so in no graph."""
    if idle := [one for one in chosen if one not in known]:
        raise Invalid(f"params.yaml: pipelines: {', '.join(idle)} is not among the active ones")
