"""What each stage of a pipeline depends on besides its data: values, code, versions."""

import hashlib
import json
import pkgutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from components.config.params import Backend
from components.config.pipeline import Pipeline
from components.run import code
from components.run.names import USES, modules


def fingerprint(
    pipeline: Pipeline, data: Mapping[str, Any], backend: Backend
) -> dict[str, dict[str, str]]:
    """For each stage what it depends on, each with a hash or a version.

    Args:
        pipeline: The checked file.
        data: The file as it was read.
        backend: Of params.yaml.

    Returns:
        By stage: sections (`train:`), modules of the project, libraries.
    """
    values = pipeline.model_dump(mode="json", by_alias=True)  # defaults included
    found = {}
    for stage, uses in USES.items():
        # Where nothing is searched, nothing but that matters.
        is_idle = stage == "tune" and not pipeline.tune.is_declared
        sections = ("tune",) if is_idle else uses.values
        roots = [*_package(stage), *_chosen(stage, pipeline), *modules(pipeline, data, uses.names)]
        found[stage] = {
            **{f"{section}:": _hash(values[section]) for section in sections},
            **code.digests(code.reached(roots), uses.backend or backend),
        }
    return found


def _package(stage: str) -> Iterator[str]:
    """The modules of a stage that it always imports; sub-packages hold what it chooses from."""
    package = f"components.{stage}"
    yield package
    folder = Path(__file__).parent.parent / stage
    for one in pkgutil.iter_modules([str(folder)], f"{package}."):
        if not one.ispkg:
            yield one.name


def _chosen(stage: str, pipeline: Pipeline) -> Iterator[str]:
    if stage == "ingest":
        yield f"components.ingest.sources.{pipeline.ingest.module}"


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
