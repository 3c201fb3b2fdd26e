"""What the first task of a run finds out: which files this run has, and what has not changed."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from dags import locks
from dags.lines import Line
from dags.repro import dvc, repro

SAME = re.compile(r"^Stage '(.+)' didn't change")


def files(root: Path, line: Line, values: Mapping[str, Any]) -> dict[str, str]:
    """By path, the texts of the files that a run of a pipeline has otherwise than its commit.

    The pipeline is the only active one and DVC reads no file that it cannot read, so that no
    other's mistakes stop it; and it has the values of the form. Values that the file cannot have
    are a mistake that `fingerprint` names.
    """
    changed = {}
    if line.ignored:
        rules = root / ".dvcignore"
        text = rules.read_text(encoding="utf-8") if rules.exists() else ""
        changed[".dvcignore"] = "\n".join(
            [text, *(f"/{_plain(path)}" for path in line.ignored), ""]
        )
    if not line.file:
        return changed
    from components.config.text import laid, rewritten

    alone = {"pipelines": [Path(line.file).stem]}
    text = (root / "params.yaml").read_text(encoding="utf-8")
    changed["params.yaml"] = rewritten(text, lambda params: params.update(alone))
    if values:
        changed[line.file] = laid(line.text, values)
    return changed


def _plain(path: str) -> str:
    """A path of which no character is a pattern."""
    return re.sub(r"([\\*?\[\] ])", r"\\\1", path)


def unchanged(
    folder: Path, line: Line, env: Mapping[str, str], say: Callable[[str], None]
) -> list[str]:
    """Names of the tasks that there is nothing to do for.

    Stages that always run and depend on nothing, such as `fingerprint`, are run here: all others
    depend on what they say.
    """
    later = {after for _, after in line.edges}
    first = [stage for stage in line.stages if stage.always and stage.task not in later]
    for stage in first:
        repro(folder, stage.address, env, say).check()
    options = ("--dry", "--allow-missing", "--no-run-cache")
    addresses = [stage.address for stage in line.stages]
    dry = dvc(folder, env, _silent, "--wait-for-lock", "repro", *options, *addresses)
    # Without the data, DVC ends at the first stage that would run: what is not said may run.
    same = {found[1] for text in dry.said if (found := SAME.match(text))}
    # Of a stage without deps that was never run, it says that it did not change.
    same = {address for address in same if locks.entry(folder, address)}
    gone = _lost(folder, env) if same else ()
    may_run = {
        stage.task
        for stage in line.stages
        if stage.address not in same or any(_is_within(path, stage.outs) for path in gone)
    }
    may_run -= {stage.task for stage in first}
    while more := {b for a, b in line.edges if a in may_run} - may_run:
        may_run |= more
    return [stage.task for stage in line.stages if stage.task not in may_run]


def _lost(folder: Path, env: Mapping[str, str]) -> set[str]:
    """The files and folders that are neither in DVC's cache here nor in its remote.

    Raises:
        TemporaryError: The remote does not say.
    """
    done = dvc(folder, env, _silent, "data", "status", "--json", "--granular", "--not-in-remote")
    done.check()
    found: dict[str, Any] = next(
        (json.loads(text) for text in done.said if text.startswith("{")), {}
    )
    return set(found.get("not_in_cache", ())) & set(found.get("not_in_remote", ()))


def _is_within(path: str, outs: Iterable[str]) -> bool:
    """Whether a file or a folder is one of these, or in one."""
    return any(path.rstrip("/") == out or path.startswith(f"{out}/") for out in outs)


def _silent(_: str) -> None:
    """What would be done is not what is done."""
