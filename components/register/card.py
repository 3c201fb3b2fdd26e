"""The model card."""

from collections.abc import Mapping, Sequence
from typing import Any


def card(
    description: str,
    measures: Mapping[str, Any],
    compressed: Sequence[Mapping[str, Any]],
    origin: Mapping[str, str],
) -> str:
    """What a model is, how good it is, and where it comes from, as Markdown.

    References:
        Mitchell et al., Model Cards for Model Reporting (2019).
    """
    models = "\n".join(
        f"| {one['method']} | {one['size_bytes'] / 1000:.1f} kB | {one['accuracy']:.4f} "
        f"| {one['latency_ms']:.3f} ms |"
        for one in compressed
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
