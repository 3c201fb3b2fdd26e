"""The model card."""

from collections.abc import Mapping
from typing import Any

from components.run.manifest import Manifest


def card(
    description: str, manifest: Manifest, latency_ms: Mapping[str, float], origin: Mapping[str, str]
) -> str:
    """What a model is, how good it is, and where it comes from, as Markdown.

    Args:
        description: The pipeline's.
        manifest: What is known of the model.
        latency_ms: Of each compressed model, where it was measured on this machine.
        origin: Where the model comes from, by what it is called.

    References:
        Mitchell et al., Model Cards for Model Reporting (2019).
    """
    measures = manifest.measures
    models = "\n".join(
        _row(one, latency_ms) for one in manifest.compressed if one["accuracy"] is not None
    )
    weakest = sorted(measures["per_class"], key=lambda one: one["f1"])[:3]
    classes = ", ".join(f"{one['name']} ({one['f1']:.3f})" for one in weakest)
    sources = "\n".join(f"- {key}: `{value}`" for key, value in origin.items())
    return f"""{description}

**Input** raw examples, as the source has them. **Output** one probability for each class.

## Measured on the test split
Accuracy {measures["accuracy"]:.4f} (95 % interval {measures["accuracy_low"]:.4f} to \
{measures["accuracy_high"]:.4f}, {measures["examples"]} examples), macro F1 \
{measures["macro_f1"]:.4f}, calibration error {measures["expected_calibration_error"]:.4f}. \
Weakest classes by F1: {classes}.

## Compressed
| model | size | test accuracy | latency, one thread |
|---|---:|---:|---:|
{models}

## Origin
{sources}
"""


def _row(one: Mapping[str, Any], latency_ms: Mapping[str, float]) -> str:
    latency = f"{latency_ms[one['method']]:.3f} ms" if one["method"] in latency_ms else ""
    name = f"{one['method']} (left out)" if one["refused"] else one["method"]
    return f"| {name} | {one['size_bytes'] / 1000:.1f} kB | {one['accuracy']:.4f} | {latency} |"
