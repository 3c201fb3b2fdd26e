"""What each stage of a pipeline depends on besides its data: values, code, versions."""

import pkgutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from components.config.params import Backend
from components.config.pipeline import Pipeline
from components.run import code
from components.run.names import USES, stage_modules, valued, values

Fingerprint = dict[str, dict[str, str]]
"""What a stage depends on: `values` by dotted key, every default among them, and `code`, the
modules of the project with a hash and the libraries with a version."""


def fingerprint(
    pipeline: Pipeline, data: Mapping[str, Any], backend: Backend
) -> dict[str, Fingerprint]:
    """For each stage what it depends on.

    Args:
        pipeline: The checked file.
        data: The file as it was read.
        backend: Of params.yaml.
    """
    found, sections = {}, valued(pipeline)
    for stage, uses in USES.items():
        roots = [*_package(stage), *stage_modules(pipeline, data, stage)]
        reached = code.reached(roots)
        found[stage] = {
            "values": values(pipeline, stage),
            "code": code.digests(reached, uses.backend or backend, sections),
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
