"""Which stages `dvc repro` would run, why, and how long each took the last time."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from dvc.dependency import ParamsDependency
from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.stage import PipelineStage
from networkx import topological_sort

from components.overrides import flatten

Action = Literal["runs", "is restored", "may run", "is up to date"]


@dataclass
class Step:
    """What would happen to one stage."""

    stage: str
    action: Action
    reasons: list[str] = field(default_factory=list)
    seconds: float | None = None
    """How long it took the last time, where it says so in its metrics."""


def plan(root: Path, name: str | None = None) -> list[Step]:
    """Every stage in the order of `dvc repro`, and what would happen to it.

    A stage after one that runs may run: not where the other writes what it wrote before. One
    whose inputs are known, and are in the run cache, is restored.

    Args:
        root: The project.
        name: Only the stages of this pipeline.
    """
    with Repo(str(root)) as repo:
        order = topological_sort(repo.index.graph.reverse(copy=True))
        planner = _Planner(repo)
        steps = [planner.step(stage) for stage in order if isinstance(stage, PipelineStage)]
    return [step for step in steps if name is None or step.stage.endswith(f"@{name}")]


class _Planner:
    """Walks the stages in order and remembers which outputs are not known yet."""

    def __init__(self, repo: Repo) -> None:
        self.repo = repo
        self.unknown: dict[str, str] = {}  # output -> the stage that will write it
        self.restored: dict[str, Any] = {}  # output -> the hash that it will have

    def step(self, stage: PipelineStage) -> Step:
        before = [
            f"{self.unknown[dep.fs_path]} runs before it"
            for dep in stage.deps
            if dep.fs_path in self.unknown
        ]
        reasons = [*_own_reasons(stage), *self._restored_reasons(stage)]
        step = Step(stage.addressing, "is up to date", reasons, _seconds(stage))
        if reasons and not before:
            step.action = "is restored" if self._restore(stage) else "runs"
        elif before:
            step.action = "runs" if reasons else "may run"
            step.reasons = [*reasons, *dict.fromkeys(before)]
        if step.action in ("runs", "may run"):
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
                dep.save()
                dep.hash_info = self.restored.get(dep.fs_path, dep.hash_info)
            # DVC has no public way to ask; `restore(dry=True)` keeps the hashes to itself.
            entry = self.repo.stage_cache._load(stage)
            cached = entry and self.repo.stage_cache._create_stage(entry, wdir=stage.wdir)
        except DvcException:
            return False
        if not cached or not cached.outs_cached():
            return False
        self.restored |= {out.fs_path: out.hash_info for out in cached.outs}
        return True


def _own_reasons(stage: PipelineStage) -> Iterator[str]:
    """What differs from the last run, whatever other stages do."""
    locked = _lock(stage)
    if locked is None:
        yield "it has not run yet"
        return
    if stage.cmd_changed:
        yield f"its command changed: {locked.get('cmd')} -> {stage.cmd}"
    for dep in stage.deps:
        if isinstance(dep, ParamsDependency):
            yield from _param_changes(dep)
        elif dep.status():
            yield f"{dep} {_changed(dep)}"
    for out in stage.outs:
        if not out.exists:
            yield f"{out} is missing"
        elif out.status():
            yield f"{out} was changed by hand"


def _changed(dep: Any) -> str:
    if not dep.exists:
        return "is missing"
    if not dep.hash_info:
        return "is new"
    return f"changed: {_short(dep.hash_info)} -> {_short(dep.get_hash())}"


def _param_changes(dep: ParamsDependency) -> Iterator[str]:
    """Every value that changed, by its dotted key, from what to what."""
    before = dict(flatten(dep.hash_info.value or {}))
    after = dict(flatten(dep.read_params(flatten=False)))
    for key in {**before, **after}:
        if before.get(key) != after.get(key):
            yield f"{key}: {before.get(key, 'not there')} -> {after.get(key, 'not there')}"


def _lock(stage: PipelineStage) -> Mapping[str, Any] | None:
    entry: Mapping[str, Any] | None = (
        stage.dvcfile._lockfile.load().get("stages", {}).get(stage.name)
    )
    return entry


def _short(hash_info: Any) -> str:
    return str(hash_info.value)[:7] if hash_info else "unknown"


def _seconds(stage: PipelineStage) -> float | None:
    """What the stage's metrics say that it took."""
    for out in stage.outs:
        path = Path(out.fs_path)
        if out.metric and path.suffix == ".json" and path.exists():
            seconds = json.loads(path.read_text(encoding="utf-8")).get("seconds")
            return float(seconds) if seconds is not None else None
    return None
