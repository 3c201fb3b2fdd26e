"""The stages of a project's dvc.yaml files as DVC reads them, and what is wrong with the others."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from os.path import relpath
from pathlib import Path
from typing import Any

from dags.git import git

TOP = "dvc.yaml"
PLACE = re.compile(r"failed to parse '([^']+)'")
"""Where DVC's message says which of a stage's values it has not understood."""


@dataclass
class Part:
    """One dvc.yaml."""

    file: str
    """Relative to the project."""
    stages: list[Any]
    """Those that DVC can read."""
    wrong: dict[str, str]
    """By their names, what is wrong with the others; by an empty name, with the file."""
    edges: list[tuple[Any, Any]] = field(default_factory=list)
    """Stages, upstream and downstream."""
    made: tuple[str, ...] = ()
    """What the stages of all of them write."""
    clash: str = ""
    """Why its stages cannot be in one graph, or not beside those of the files before it."""

    @property
    def mistakes(self) -> str:
        """Line by line; empty where DVC reads all of it."""
        return "\n".join([*self.wrong.values(), *filter(None, [self.clash])])


def parts(repo: Any, root: Path) -> list[Part]:
    """Every dvc.yaml, that of the project first.

    DVC refuses all stages as soon as two of them write the same file or run in a circle, so that
    the graph is built from as many files as fit together.
    """
    found = [Part(file, *_stages(repo, root, file)) for file in _files(repo, root)]
    made = paths(out for part in found for stage in part.stages for out in stage.outs)
    for part in found:
        part.made = made
    sound = [part for part in found if part.file == TOP or not part.wrong]
    if not _joined(sound):
        for part in sound:
            _joined([part])
        sound = [part for part in sound if not part.clash]
        if not _joined(sound):
            for count in range(1, len(sound) + 1):
                _joined([part for part in sound[:count] if not part.clash])
    return found


def paths(found: Iterable[Any]) -> tuple[str, ...]:
    """Of deps or outs on this machine, relative to the project, which is where one is."""
    return tuple(sorted({relpath(one.fs_path) for one in found if one.protocol == "local"}))


def edges(stages: Iterable[Any]) -> list[tuple[Any, Any]]:
    """Stages, upstream and downstream.

    Raises:
        dvc.exceptions.DvcException: They run in a circle, or two write the same file.
    """
    from dvc.repo.graph import build_graph

    return [(before, after) for after, before in build_graph(list(stages)).edges]


def why(file: str, error: BaseException, stage: str = "") -> str:
    """What DVC says, its causes too, behind the file and the line.

    Args:
        file: Relative to the project, which is where one is.
        error: Of DVC's, or of what it is built on.
        stage: The name of the stage that it is about.
    """
    texts = [str(error).strip()]
    while error.__cause__ is not None:
        error = error.__cause__
        texts.append(" ".join(str(error).split()))
    told = ": ".join(dict.fromkeys(text for text in texts if text)) or type(error).__name__
    return f"{file}{_line(file, error, stage, told)}: {told}"


def _line(file: str, error: BaseException, stage: str, told: str) -> str:
    """A colon and the line that an error is about, where one can be found."""
    from components.base.errors import Invalid
    from components.config.document import Document

    if (mark := getattr(error, "problem_mark", None)) is not None:
        return f":{mark.line + 1}"
    place = PLACE.search(told)
    location = [str(step) for step in getattr(error, "path", ())]
    if not location and (place or stage):
        location = place[1].split(".") if place else ["stages", stage]
        location = [step.partition("@")[0] for step in location]
    try:
        return f":{Document(Path(file)).line(tuple(location))}" if location else ""
    except (Invalid, OSError):
        return ""


def _files(repo: Any, root: Path) -> Iterator[str]:
    """Git knows them, so that no folder is walked."""
    found = git(root, "ls-files", "-z", "--", TOP, f"*/{TOP}").split("\0")
    for file in sorted(filter(None, found), key=lambda one: (one != TOP, one)):
        if not repo.dvcignore.is_ignored_file(str(root / file)):
            yield file


def _stages(repo: Any, root: Path, file: str) -> tuple[list[Any], dict[str, str]]:
    """The stages of one dvc.yaml, and what is wrong with the others, by their names."""
    from dvc.dvcfile import load_file

    stages, wrong = [], {}
    try:
        found = load_file(repo, str(root / file)).stages
        names = list(found)
    except Exception as error:  # DVC's own, and those of what it is built on
        return [], {"": why(file, error)}
    for name in names:
        try:
            stages.append(found[name])
        except Exception as error:
            wrong[name] = why(file, error, name)
    return stages, wrong


def _joined(sound: list[Part]) -> bool:
    """Whether the files fit together; then they have their edges, else the last has the clash."""
    try:
        found = edges(stage for part in sound for stage in part.stages)
    except Exception as error:
        first = min((one.name for one in getattr(error, "stages", ())), default="")
        sound[-1].clash = why(sound[-1].file, error, first if len(sound) == 1 else "")
        return False
    home = {stage: part for part in sound for stage in part.stages}
    for part in sound:
        part.edges, part.clash = [], ""
    for before, after in found:
        if home[before] is home[after]:
            home[after].edges.append((before, after))
    return True
