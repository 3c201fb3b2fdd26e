"""The lines of a checkout, as DVC reads its files: `python -m dags.graph ROOT` prints them as JSON.

Whatever is wrong with a line is said by that line alone; all others go on.
"""

import re
import shlex
import sys
from collections.abc import Iterable, Iterator
from contextlib import chdir
from dataclasses import replace
from os.path import relpath
from pathlib import Path
from typing import Any

from dags.git import git
from dags.lines import Line, Stage, encoded

NO_NAME = re.compile(r"[^A-Za-z0-9_.-]")


def read(root: Path) -> list[Line]:
    """Every line of the project, those of its pipelines first."""
    from dvc.repo import Repo

    with chdir(root), Repo(str(root)) as repo:  # DVC's addresses are relative to where one is
        found = [*_of_root(repo, root), *_of_folders(repo, root)]
    unread = tuple(sorted({line.unread for line in found} - {""}))
    return [replace(line, ignored=unread) for line in found]


def _of_folders(repo: Any, root: Path) -> Iterator[Line]:
    """One line for each dvc.yaml in a sub-folder; git knows them, so that no folder is walked."""
    for file in git(root, "ls-files", "-z", "--", "*/dvc.yaml").split("\0"):
        if file and not repo.dvcignore.is_ignored_file(str(root / file)):
            name = safe(".".join(Path(file).parent.parts))
            stages, wrong = _stages(repo, file)
            if wrong:
                yield Line(name, mistakes="\n".join(wrong.values()), unread=file)
            elif stages:
                yield _line(name, stages, f"The stages of `{file}`")


def _of_root(repo: Any, root: Path) -> Iterator[Line]:
    """One line for each active pipeline, and one for what belongs to none."""
    from components.base.errors import Invalid
    from components.config.document import Document

    if not (root / "dvc.yaml").exists():
        return
    stages, wrong = _stages(repo, "dvc.yaml")
    try:
        names = [str(name) for name in Document(root / "params.yaml").data.get("pipelines") or ()]
    except (Invalid, TypeError) as error:
        yield Line("params", mistakes=_relative(str(error), root))
        return
    if mistakes := _of_params(root):
        yield Line("params", mistakes=mistakes)
    for name in dict.fromkeys(names):
        yield _pipeline(name, names, stages, wrong, root)
    used = {one for name in names for one in _members(name, names, stages)}
    if rest := [stage for stage in stages if stage not in used]:
        yield _line(safe(root.name if not names else "others"), rest, "The stages of `dvc.yaml`")


def _of_params(root: Path) -> str:
    """What is wrong with params.yaml; pipelines that have no file say so themselves."""
    from components.base.errors import Invalid
    from components.config.params import Params

    try:
        Params.load(root / "params.yaml")
    except Invalid as error:
        rows = _relative(str(error), root).splitlines()
        return "\n".join(row for row in rows if ": no file " not in row)
    return ""


def _pipeline(
    name: str, names: list[str], stages: list[Any], wrong: dict[str, str], root: Path
) -> Line:
    """The line of a pipeline, or what is wrong with it: its file, or its part of the graph."""
    from components.base.errors import Invalid
    from components.config.document import Document
    from components.config.pipeline import parse

    file = f"pipelines/{name}.yaml"
    ours = [text for stage, text in wrong.items() if _key(stage) not in set(names) - {name}]
    try:
        document = Document(root / file)
        pipeline = parse(document)
    except Invalid as error:
        ours.append(_relative(str(error), root))
    if ours:
        airflow = _schedule(root / file)
        return Line(safe(name), file=file, mistakes="\n".join(ours), airflow=airflow)
    from components.config.form import tunables

    members = _members(name, names, stages)
    line = _line(safe(name), members, pipeline.description, tuple(pipeline.tune.numbers))
    return Line(
        **{
            **vars(line),
            "file": file,
            "text": document.path.read_text(encoding="utf-8"),
            "airflow": pipeline.airflow.model_dump(mode="json"),
            "params": {
                key: {
                    "default": one.value,
                    "description": one.description,
                    "section": one.section,
                    **one.schema,
                }
                for key, one in tunables(pipeline).items()
            },
        }
    )


def _schedule(file: Path) -> dict[str, Any]:
    """The schedule of a file with mistakes, so that its failure is seen when it was due."""
    from components.config.airflow import Airflow
    from components.config.document import Document

    try:
        section = Airflow.model_validate(Document(file).data["airflow"])
    except Exception:  # whatever is wrong with it is said elsewhere
        return {}
    return section.model_dump(mode="json", include={"schedule", "timezone", "start_date"})


def _stages(repo: Any, file: str) -> tuple[list[Any], dict[str, str]]:
    """The stages of one dvc.yaml, and what is wrong with the others, by their names."""
    from dvc.dvcfile import load_file

    stages, wrong = [], {}
    try:
        found = load_file(repo, str(Path(repo.root_dir) / file)).stages
        names = list(found)
    except Exception as error:  # DVC's own, and those of what it is built on
        return [], {"": _why(file, error)}
    for name in names:
        try:
            stages.append(found[name])
        except Exception as error:
            wrong[name] = _why(file, error)
    return stages, wrong


def _why(file: str, error: BaseException) -> str:
    """What DVC says, its causes too, in one line that begins with the file."""
    texts = [str(error).strip()]
    while error.__cause__ is not None:
        error = error.__cause__
        texts.append(" ".join(str(error).split()))
    told = dict.fromkeys(text for text in texts if text)
    mark = getattr(error, "problem_mark", None)
    where = f"{file}:{mark.line + 1}" if mark is not None else file
    return f"{where}: {': '.join(told) or type(error).__name__}"


def _key(stage: str) -> str:
    """What is behind the `@` of a stage's name."""
    return stage.rpartition("@")[2] if "@" in stage else ""


def _members(name: str, names: list[str], stages: list[Any]) -> list[Any]:
    """The stages of a pipeline, and what comes before and after them and is no other's."""
    others = set(names) - {name}
    found = {stage for stage in stages if _key(stage.name) == name}
    try:
        edges = _edges(stages)
    except Exception:  # in the part of one of the lines, which says so itself
        return [stage for stage in stages if _key(stage.name) not in others]
    while True:
        near = {
            one
            for pair in edges
            for one in pair
            if found & set(pair) and _key(one.name) not in others
        }
        if near <= found:
            return [stage for stage in stages if stage in found]
        found |= near


def _edges(stages: Iterable[Any]) -> list[tuple[Any, Any]]:
    """Stages, upstream and downstream.

    Raises:
        dvc.exceptions.DvcException: They run in a circle, or two write the same file.
    """
    from dvc.repo.graph import build_graph

    return [(before, after) for after, before in build_graph(list(stages)).edges]


def _line(name: str, members: list[Any], description: str, trials: tuple[int, ...] = ()) -> Line:
    """The DAG of some stages; paths are relative to the project, which is where one is."""
    try:
        edges = _edges(members)
    except Exception as error:
        return Line(name, mistakes=_why("dvc.yaml", error))
    tasks = _tasks(members)
    return Line(
        name,
        tuple(_stage(one, tasks[one], trials) for one in members),
        tuple(sorted((tasks[before], tasks[after]) for before, after in edges)),
        description=description,
    )


def _stage(one: Any, task: str, trials: tuple[int, ...]) -> Stage:
    command = (one.meta or {}).get("trial", "")
    return Stage(
        task,
        one.addressing,
        one.desc or "",
        bool(one.always_changed),
        tuple(sorted({relpath(dep.fs_path) for dep in one.deps if dep.protocol == "local"})),
        trials if command else (),
        tuple(shlex.split(command)) if trials else (),
    )


def _tasks(members: list[Any]) -> dict[Any, str]:
    """A name for the task of each stage: without the key that all of them share, each once."""
    keys = {_key(stage.name) for stage in members} - {""}
    tasks: dict[Any, str] = {}
    for stage in members:
        text = stage.name.rpartition("@")[0] if len(keys) == 1 and "@" in stage.name else stage.name
        name, number = safe(text.replace("@", ".")), 2
        while name in tasks.values() or name in ("open", "close"):
            name, number = f"{safe(text)}.{number}", number + 1
        tasks[stage] = name
    return tasks


def safe(name: str) -> str:
    """A name as Airflow takes it."""
    return NO_NAME.sub("_", name)[:200] or "_"


def _relative(text: str, root: Path) -> str:
    return text.replace(f"{root}/", "")


if __name__ == "__main__":
    sys.stdout.write(encoded(read(Path(sys.argv[1]).resolve())))
