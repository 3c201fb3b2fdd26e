"""Which stages of a run there is nothing to do for, in a clone that has none of the data."""

import json
from collections.abc import Callable, Container, Iterator, Mapping
from pathlib import Path
from posixpath import normpath
from typing import Any

import yaml

from dags import locks
from dags.lines import Line, Stage, overlaps
from dags.repro import SAME, GateError, dvc, repro


def unchanged(
    folder: Path, cache: Path, line: Line, env: Mapping[str, str], say: Callable[[str], None]
) -> list[str]:
    """Names of the tasks that there is nothing to do for.

    Stages that always run and depend on nothing, such as `fingerprint`, are run here: all others
    depend on what they say.

    Args:
        folder: The clone of the run.
        cache: DVC's, of this worker.
        line: Whose run it is.
        env: Of the commands.
        say: Takes their output, line by line.

    Raises:
        GateError: What a stage reads is not there, and nobody makes it.
        TemporaryError: DVC cannot say.
    """
    later = {after for _, after in line.edges}
    first = [stage for stage in line.stages if stage.always and stage.task not in later]
    for stage in first:  # `fingerprint` makes the folders that are empty, and so not in git
        repro(folder, stage.address, env, say).check(is_ours=bool(line.file))
    for stage in line.stages:
        for path in stage.sources:
            if not any((folder / one).exists() for one in (path, *_dvc_files(path))):
                raise GateError(f"{stage.task} reads {path}, which is neither in git nor in DVC")
    options = ("--dry", "--allow-missing", "--no-run-cache")
    addresses = [stage.address for stage in line.stages]
    dry = dvc(folder, env, _silent, "--wait-for-lock", "repro", *options, *addresses)
    # Without the data, DVC ends at the first stage that would run: what is not said may run.
    same = {found[1] for text in dry.said if (found := SAME.match(text))}
    # Of a stage without deps that was never run, it says that it did not change.
    entries = locks.of_folder(folder)
    same = {address for address in same if locks.has(entries, address)}
    gone = _lost(folder, env) if same else set()
    known = _hashes(folder, cache, line, entries) if same else {}
    whole = {path for stage in line.stages for path in stage.outs}
    may_run = {
        stage.task
        for stage in line.stages
        if stage.address not in same
        or any(overlaps(path, stage.outs) for path in gone)
        or not all((folder / path).exists() for path in stage.uncached)
        or not _was_compared(folder, _placed(stage, entries, "deps"), whole, known)
    }
    may_run -= {stage.task for stage in first}
    while more := {b for a, b in line.edges if a in may_run} - may_run:
        may_run |= more
    return [stage.task for stage in line.stages if stage.task not in may_run]


def _lost(folder: Path, env: Mapping[str, str]) -> set[str]:
    """The files and folders that are neither in DVC's cache here nor in its remote.

    What DVC lacks of the lists of folders' files, it fetches into the cache.

    Raises:
        TemporaryError: The remote does not say.
    """
    done = dvc(folder, env, _silent, "data", "status", "--json", "--granular", "--not-in-remote")
    done.check(is_ours=False)
    found: dict[str, Any] = next(
        (json.loads(text) for text in done.said if text.startswith("{")), {}
    )
    gone = set(found.get("not_in_cache", ())) & set(found.get("not_in_remote", ()))
    return {path.rstrip("/") for path in gone}


def _was_compared(
    folder: Path, read: Mapping[str, str], whole: Container[str], known: Mapping[str, str]
) -> bool:
    """Whether all that a stage reads is what it has read.

    Of what is not in the clone, DVC compares only what is as a whole an output, and tolerates all
    else; a file of a folder that a stage makes is looked up in the list of that folder's files.
    """
    return all(
        path in whole
        or (folder / path).exists()
        or (folder / f"{path}.dvc").exists()
        or known.get(path) == md5
        for path, md5 in read.items()
    )


def _hashes(folder: Path, cache: Path, line: Line, entries: locks.Entries) -> dict[str, str]:
    """By path, the hashes of the files in folders that stages make or DVC tracks."""
    folders: dict[str, str] = {}
    for stage in line.stages:
        folders |= _placed(stage, entries, "outs")
        for path in stage.deps:
            for file in filter(Path.exists, (folder / one for one in _dvc_files(path))):
                of_file = str(file.relative_to(folder).with_suffix(""))
                for out in yaml.safe_load(file.read_text()).get("outs", ()):
                    folders[of_file] = str(out.get("md5", ""))
    return dict(one for path, md5 in folders.items() for one in _files(cache, path, md5))


def _files(cache: Path, path: str, md5: str) -> Iterator[tuple[str, str]]:
    """The files of a folder with their hashes; none where DVC's list of them is not here."""
    if not md5.endswith(".dir"):
        return
    try:
        text = (cache / "files" / "md5" / md5[:2] / md5[2:]).read_bytes()
        for one in json.loads(text):
            yield f"{path}/{one['relpath']}", one["md5"]
    except (OSError, ValueError, TypeError, KeyError):
        return


def _placed(stage: Stage, entries: locks.Entries, kind: str) -> dict[str, str]:
    """By path from the project's folder, the hashes of a stage's `deps` or `outs`."""
    base = locks.place(stage.address)[0].rpartition("/")[0]
    found = locks.named(entries, stage.address).get(kind, ())
    return {normpath(f"{base}/{one['path']}").lstrip("/"): str(one.get("md5")) for one in found}


def _dvc_files(path: str) -> Iterator[str]:
    """The files by which DVC may track a path, or a folder that it is in."""
    while path not in ("", "."):
        yield f"{path}.dvc"
        path = path.rpartition("/")[0]


def _silent(_: str) -> None:
    """What would be done is not what is done."""
