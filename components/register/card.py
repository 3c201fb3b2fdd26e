"""The model card."""

from collections.abc import Mapping
from typing import Any

from components.config.task import Task
from components.run.manifest import Manifest
from components.tasks.measured import number, shown


def card(
    description: str,
    task: Task,
    manifest: Manifest,
    latency_ms: Mapping[str, float],
    origin: Mapping[str, str],
) -> str:
    """What a model is, how good it is, and where it comes from, as Markdown.

    Args:
        description: The pipeline's.
        task: That was learned.
        manifest: What is known of the model.
        latency_ms: Of each compressed model, where it was measured on this machine.
        origin: Where the model comes from, by what it is called.

    References:
        Mitchell et al., Model Cards for Model Reporting (2019).
    """
    measures, metrics = manifest.measures, task.metrics
    models = "\n".join(
        _row(one, latency_ms) for one in manifest.compressed if one["value"] is not None
    )
    measured = "\n".join(
        f"- {one.title} {shown(measures.metrics[one.name], measures.examples)}" for one in metrics
    )
    numbers = "".join(
        f"\n- {name.replace('_', ' ')} {number(value)}" for name, value in measures.numbers.items()
    )
    remarks = f"\n\n{said}" if (said := task.remarks(measures)) else ""
    sources = "\n".join(f"- {key}: `{value}`" for key, value in origin.items())
    return f"""{description}

**Input** raw examples, as the source has them.

## Measured on the test split
{measured}{numbers}{remarks}

## Compressed
| model | size | test {metrics[0].title} | latency, one thread |
|---|---:|---:|---:|
{models}

## Origin
{sources}
"""


def _row(one: Mapping[str, Any], latency_ms: Mapping[str, float]) -> str:
    latency = f"{latency_ms[one['method']]:.3f} ms" if one["method"] in latency_ms else ""
    name = f"{one['method']} (left out)" if one["refused"] else one["method"]
    return f"| {name} | {one['size_bytes'] / 1000:.1f} kB | {number(one['value'])} | {latency} |"
