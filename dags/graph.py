"""The lines of a checkout, as DVC reads its files: `python -m dags.graph ROOT` prints them as JSON.

Whatever is wrong with a line is said by that line alone; all others go on.
"""

import re
import shlex
import sys
from collections.abc import Iterable, Iterator
from contextlib import chdir
from dataclasses import replace
from pathlib import Path
from typing import Any

from dags.lines import Line, Stage, encoded, overlaps
from dags.parts import TOP, Part, edges, parts, paths, why

NO_NAME = re.compile(r"[^A-Za-z0-9_.-]")


def read(root: Path) -> list[Line]:
    """Every line of the project, those of its pipelines first."""
    from dvc.repo import Repo

    with chdir(root), Repo(str(root)) as repo:  # DVC's addresses are relative to where one is
        found = parts(repo, root)
        top = [part for part in found if part.file == TOP]
        others = [part for part in found if part.file != TOP]
        unread = tuple(part.file for part in others if part.mistakes)
        # A pipeline's run has the pipelines of no other; one of a folder's has them all.
        of_root = [replace(line, ignored=unread) for part in top for line in _of_root(part, root)]
        unread += tuple(part.file for part in top if part.mistakes)
        of_folders = [replace(line, ignored=unread) for part in others for line in _of_folder(part)]
    return list(_once([*of_root, *of_folders]))


def _once(found: Iterable[Line]) -> Iterator[Line]:
    """The lines, each with a name of its own: of two DAGs of one name, Airflow has the last."""
    taken: set[str] = set()
    for line in found:
        name, number = line.name, 2
        while name in taken:
            name, number = f"{line.name}.{number}", number + 1
        taken.add(name)
        yield replace(line, name=name)


def _of_folder(part: Part) -> Iterator[Line]:
    """The line of a dvc.yaml in a sub-folder."""
    name = safe(".".join(Path(part.file).parent.parts))
    if part.mistakes:
        yield Line(name, mistakes=part.mistakes)
    elif part.stages:
        yield _line(name, part, part.stages, f"The stages of `{part.file}`")


def _of_root(part: Part, root: Path) -> Iterator[Line]:
    """One line for each active pipeline, and one for what belongs to none."""
    from components.base.errors import Invalid
    from components.config.document import Document

    try:
        given = Document(root / "params.yaml").data.get("pipelines")
    except Invalid as error:
        yield Line("params", mistakes=_relative(str(error), root))
        return
    keys = _keys(given)
    wrong = _of_params(root)
    without_file = {
        name: text for name in keys for text in wrong if f": no file pipelines/{name}.yaml" in text
    }
    if rest := [text for text in wrong if text not in without_file.values()]:
        yield Line("params", mistakes="\n".join(rest))
    for name in dict.fromkeys(name for name in keys if name):
        if name in without_file:
            yield Line(safe(name), file=f"pipelines/{name}.yaml", mistakes=without_file[name])
        else:
            yield _pipeline(name, set(keys) - {name}, part, root)
    used = {one for name in keys for one in _members(name, set(keys) - {name}, part)}
    if others := [stage for stage in part.stages if stage not in used]:
        yield _line("others", part, others, f"The stages of `{part.file}`")


def _keys(given: Any) -> list[str]:
    """What DVC puts behind the `@` of a stage's name, for each pipeline that params.yaml names."""
    listed = given if isinstance(given, list) else []
    return [
        f"pipeline{position}" if isinstance(one, dict | list) else str(one)
        for position, one in enumerate(listed)
    ]


def _of_params(root: Path) -> list[str]:
    """What is wrong with params.yaml, line by line."""
    from components.base.errors import Invalid
    from components.config.params import Params

    try:
        Params.load(root / "params.yaml")
    except Invalid as error:
        return _relative(str(error), root).splitlines()
    return []


def _pipeline(name: str, others: set[str], part: Part, root: Path) -> Line:
    """The line of a pipeline, or what is wrong with it: its file, or its part of the graph."""
    from components.base.errors import Invalid
    from components.config.document import Document
    from components.config.pipeline import parse

    file = f"pipelines/{name}.yaml"
    ours = [text for stage, text in part.wrong.items() if _key(stage) not in others]
    try:
        document = Document(root / file)
        pipeline = parse(document)
    except Invalid as error:
        ours.append(_relative(str(error), root))
    if ours:
        airflow = _schedule(root / file)
        return Line(safe(name), file=file, mistakes="\n".join(ours), airflow=airflow)
    from components.config.form import tunables

    members = _members(name, others, part)
    line = _line(safe(name), part, members, pipeline.description, tuple(pipeline.tune.numbers))
    return Line(
        **{
            **vars(line),
            "file": file,
            "text": document.path.read_text(encoding="utf-8"),
            "airflow": pipeline.airflow.model_dump(mode="json"),
            "params": {
                key: {
                    "default": one.value,
                    "title": key.removeprefix(f"{one.section}."),
                    "description": one.description.replace("`", ""),  # the form shows them as such
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


def _key(stage: str) -> str | None:
    """What is behind the `@` of a stage's name."""
    return stage.partition("@")[2] if "@" in stage else None


def _members(name: str, others: set[str], part: Part) -> list[Any]:
    """The stages of a pipeline, and what comes before and after them and is no other's."""
    free = [stage for stage in part.stages if _key(stage.name) not in others]
    if part.clash:  # in one of the lines, which says so itself
        return free
    beside: dict[Any, list[Any]] = {stage: [] for stage in free}
    for before, after in part.edges:
        if before in beside and after in beside:
            beside[before].append(after)
            beside[after].append(before)
    waiting = [stage for stage in free if _key(stage.name) == name]
    found = set()
    while waiting:
        stage = waiting.pop()
        if stage not in found:
            found.add(stage)
            waiting += beside[stage]
    return [stage for stage in free if stage in found]


def _line(
    name: str, part: Part, members: list[Any], description: str, trials: tuple[int, ...] = ()
) -> Line:
    """The DAG of some stages; paths are relative to the project, which is where one is."""
    try:
        pairs = edges(members) if part.clash else part.edges
    except Exception as error:
        return Line(name, mistakes=why(part.file, error))
    tasks = _tasks(members)
    named = [(tasks[a], tasks[b]) for a, b in pairs if a in tasks and b in tasks]
    return Line(
        name,
        tuple(_stage(one, tasks[one], trials, part.made) for one in members),
        tuple(sorted(named)),
        description=description,
    )


def _stage(one: Any, task: str, trials: tuple[int, ...], made: Iterable[str]) -> Stage:
    command = (one.meta or {}).get("trial", "")
    return Stage(
        task,
        one.addressing,
        one.desc or "",
        bool(one.always_changed),
        paths(one.deps),
        paths(one.outs),
        paths(out for out in one.outs if not out.use_cache),
        tuple(path for path in paths(one.deps) if not overlaps(path, made)),
        trials if command else (),
        tuple(shlex.split(command)) if trials else (),
    )


def _tasks(members: list[Any]) -> dict[Any, str]:
    """A name for the task of each stage: without the key that all of them share, each once."""
    keys = {_key(stage.name) for stage in members} - {None}
    tasks: dict[Any, str] = {}
    for stage in members:
        text = stage.name.partition("@")[0] if len(keys) == 1 else stage.name
        name, number = safe(text.replace("@", ".")), 2
        while name in tasks.values() or name in ("open", "close"):
            name, number = f"{safe(text)}.{number}", number + 1
        tasks[stage] = name
    return tasks


def safe(name: str) -> str:
    """A name as Airflow takes it, and git as a part of a branch's."""
    text = re.sub(r"\.\.+", ".", NO_NAME.sub("_", name)).lstrip(".-")[:200].rstrip(".")
    return (f"{text}_" if text.endswith(".lock") else text) or "_"


def _relative(text: str, root: Path) -> str:
    return text.replace(f"{root}/", "")


if __name__ == "__main__":
    sys.stdout.write(encoded(read(Path(sys.argv[1]).resolve())))
