"""Which stages `dvc repro` would run, why, and how long they will take."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from dvc.dependency import ParamsDependency
from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.stage import PipelineStage
from dvc_data.hashfile.hash_info import HashInfo
from dvc_data.hashfile.meta import Meta
from networkx import topological_sort

from components.base.errors import Invalid
from components.base.files import as_json, read_json
from components.base.words import duration
from components.cli.project import check_merged
from components.cli.terminal import console, table
from components.cli.times import Took, total
from components.config.overrides import flatten
from components.config.pipeline import load
from components.fingerprint.run import Fingerprints, fingerprints
from components.fingerprint.stage import Fingerprint
from components.run.code import is_followed

Action = Literal["runs", "is restored", "may run", "is up to date", "asks the server"]
WORKS = ("runs", "may run")
CODE = Path("data/code")


@dataclass
class Step:
    """What would happen to one stage."""

    stage: str
    action: Action
    reasons: list[str] = field(default_factory=list)
    took: Took = field(default_factory=Took)
    """How long it took on this machine."""
    estimate: float | None = None
    """How long it will take, where it never ran here and `millrace check` has tried a few steps."""


def show(names: Sequence[str]) -> None:
    """Prints the plan of some pipelines; of all, where none is named."""
    rows = table("stage", "", "takes", "why")
    steps = plan(Path(), names)
    for step in steps:
        took = duration(step.took.last) if step.took.last is not None else ""
        if not took and step.estimate is not None:
            took = f"about {duration(step.estimate)}"
        rows.add_row(step.stage, step.action, took, "\n".join(step.reasons))
    console().print(rows)
    if work := [step for step in steps if step.action in WORKS]:
        new = [step.stage for step in work if step.took.last is None]
        if len(new) < len(work):
            all_of_it = total([step.took for step in work], new)
            console().print(f"the stages that run and may run take {all_of_it}", highlight=False)
    for name in (step.stage[len("train@") :] for step in work if step.stage.startswith("train@")):
        if line := load(Path("pipelines", f"{name}.yaml")).train.sketch():
            console().print(f"{name}: {line}", highlight=False)


def plan(root: Path, names: Sequence[str] = ()) -> list[Step]:
    """Every stage in the order of `dvc repro`, and what would happen to it.

    A stage after one that runs may run: not where the other writes what it wrote before. One
    whose inputs are known, and are in the run cache, is restored.

    Args:
        root: The project.
        names: Only the stages of these pipelines; none for all.

    Raises:
        Invalid: A pipeline file has mistakes, or DVC cannot read its own files.
    """
    check_merged(root)
    now = fingerprints(root / "params.yaml")
    try:
        with Repo(str(root)) as repo:
            order = topological_sort(repo.index.graph.reverse(copy=True))
            planner = _Planner(repo, now)
            steps = [planner.step(stage) for stage in order if isinstance(stage, PipelineStage)]
    except DvcException as error:
        raise Invalid(str(error)) from None
    return [step for step in steps if not names or step.stage.partition("@")[2] in names]


class _Planner:
    """Walks the stages in order and remembers which outputs are not known yet.

    Args:
        repo: The project.
        now: What each stage of each pipeline depends on besides data, as it is now, whatever the
            last run of `fingerprint` has written.
    """

    def __init__(self, repo: Repo, now: Fingerprints) -> None:
        self.repo = repo
        self.unknown: dict[str, str] = {}  # output -> the stage that will write it
        self.restored: dict[str, Any] = {}  # output -> the hash that it will have
        self.locked: dict[str, Mapping[str, Any]] = {}  # by lock file, the entries of its stages
        self.code = {
            repo.fs.join(repo.root_dir, *CODE.parts, name, f"{stage}.json"): depends
            for name, stages in now.items()
            for stage, depends in stages.items()
        }

    def step(self, stage: PipelineStage) -> Step:
        if stage.always_changed:
            # What `fingerprint` will write is known; what `register` finds is the server's to say.
            action: Action = "asks the server" if stage.deps else "is up to date"
            return Step(stage.addressing, action)
        before = [
            f"{self.unknown[dep.fs_path]} runs before it"
            for dep in stage.deps
            if dep.fs_path in self.unknown
        ]
        reasons = [*self._own_reasons(stage), *self._restored_reasons(stage)]
        measured = Path(self.repo.root_dir, "measured", stage.addressing.partition("@")[2])
        step = Step(
            stage.addressing,
            "is up to date",
            reasons,
            Took.read(measured / f"{stage.addressing.partition('@')[0]}.json"),
            Took.read(measured / "check.json").last
            if stage.addressing.startswith("train@")
            else None,
        )
        if reasons and not before:
            step.action = "is restored" if self._restore(stage) else "runs"
        elif before:
            step.action = "runs" if reasons else "may run"
            step.reasons = [*reasons, *dict.fromkeys(before)]
        if step.action in WORKS:
            self.unknown |= dict.fromkeys((out.fs_path for out in stage.outs), stage.addressing)
        return step

    def _restored_reasons(self, stage: PipelineStage) -> list[str]:
        return [
            f"{dep} is restored: {_short(dep.hash_info)} -> {_short(self.restored[dep.fs_path])}"
            for dep in stage.deps
            if dep.fs_path in self.restored and dep.hash_info != self.restored[dep.fs_path]
        ]

    def _restore(self, stage: PipelineStage) -> bool:
        """Whether the run cache knows the stage with the inputs that it would have."""
        try:
            for dep in stage.deps:
                if (known := self._known(dep.fs_path)) is None:
                    dep.save()
                else:
                    dep.hash_info, dep.meta = known, Meta()  # the one of dvc.lock has its hash
                    dep.get_hash = lambda: True  # asked whether it has one; it may not be there
            # DVC has no public way to ask; `restore(dry=True)` keeps the hashes to itself.
            entry = self.repo.stage_cache._load(stage)
            cached = entry and self.repo.stage_cache._create_stage(entry, wdir=stage.wdir)
        except DvcException:
            return False
        if not cached or not cached.outs_cached():
            return False
        self.restored |= {out.fs_path: out.hash_info for out in cached.outs}
        return True

    def _known(self, path: str) -> HashInfo | None:
        """The hash that an output of an earlier stage will have, whatever is there now."""
        code = self.code.get(path)
        return self.restored.get(path) if code is None else HashInfo("md5", _md5(code))

    def _own_reasons(self, stage: PipelineStage) -> Iterator[str]:
        """What differs from the last run, whatever other stages do."""
        locked = self._locked(stage)
        if locked is None:
            yield "it has not run yet"
            return
        if stage.cmd_changed:
            yield f"its command changed: {locked.get('cmd')} -> {stage.cmd}"
        params = [dep for dep in stage.deps if isinstance(dep, ParamsDependency)]
        yield from (change for dep in params for change in _param_changes(dep))
        for dep in stage.deps:
            if dep.fs_path in self.code:
                yield from self._code_changes(dep)
            elif dep not in params and dep.fs_path not in self.unknown and dep.status():
                yield f"{dep} {_changed(dep)}"
        for out in stage.outs:
            if not out.exists:
                yield f"{out} is missing"
            elif out.status():
                yield f"{out} was changed by hand"

    def _locked(self, stage: PipelineStage) -> Mapping[str, Any] | None:
        """What dvc.lock has of a stage; the file is read once for all of its stages."""
        file = stage.dvcfile._lockfile
        if file.path not in self.locked:
            self.locked[file.path] = file.load().get("stages", {})
        return self.locked[file.path].get(stage.name)

    def _code_changes(self, dep: Any) -> Iterator[str]:
        """Every value, module and library that differs."""
        now = self.code[dep.fs_path]
        md5 = dep.hash_info.value if dep.hash_info else None
        if _md5(now) == md5:
            return
        kept = Path(self.repo.cache.local.oid_to_path(md5)) if md5 else None
        if kept is None or not kept.exists():
            yield "what it runs changed; what of it, is not known here"
            return
        before: Fingerprint = read_json(kept)
        yield from _value_changes(before["values"], now["values"])
        for key in sorted({**before["code"], **now["code"]}):
            was, is_ = before["code"].get(key), now["code"].get(key)
            if was == is_:
                continue
            if was is None or is_ is None:
                yield f"{key} is {'new' if was is None else 'gone'}"
            else:
                yield f"{key} changed" + ("" if is_followed(key) else f": {was} -> {is_}")


def _changed(dep: Any) -> str:
    if not dep.exists:
        return "is missing"
    if not dep.hash_info:
        return "is new"
    return f"changed: {_short(dep.hash_info)} -> {_short(dep.get_hash())}"


def _param_changes(dep: ParamsDependency) -> Iterator[str]:
    """Every value that changed, by its dotted key, from what to what."""
    before = dict(flatten(dep.hash_info.value or {}))
    yield from _value_changes(before, dict(flatten(dep.read_params(flatten=False))))


def _value_changes(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for key in {**before, **after}:
        if before.get(key) != after.get(key):
            yield f"{key}: {before.get(key, 'not there')} -> {after.get(key, 'not there')}"


def _short(hash_info: Any) -> str:
    return str(hash_info.value)[:7] if hash_info else "unknown"


def _md5(depends: Fingerprint) -> str:
    """What DVC will say of the file that `fingerprint` writes."""
    return hashlib.md5(as_json(depends).encode(), usedforsecurity=False).hexdigest()
