"""The HTML report of a dataset."""

from collections.abc import Mapping
from pathlib import Path

from matplotlib.figure import Figure

from components.config.validate import Config
from components.data import shown
from components.data.dataset import Split
from components.show import html
from components.validate.stage import Report

TEMPLATE = Path(__file__).parent / "report.html"
SHOWN, SIDE = 12, 160  # examples of a finding, and pixels of a thumbnail


def render(
    name: str,
    report: Report,
    splits: Mapping[str, Split],
    picture: Figure,
) -> str:
    """The page; every text is escaped.

    Args:
        name: The pipeline's.
        report: What was found.
        splits: Every split as ingest wrote it, for the thumbnails.
        picture: One look at the train split.
    """
    seen = {
        finding.kind: [
            (
                example,
                _thumbnail(splits, example.split, example.row),
                _thumbnail(splits, example.other_split, example.other_row),
                _words(splits[example.split], example.row),
            )
            for example in finding.examples[:SHOWN]
        ]
        for finding in report.findings
    }
    return html.render(
        TEMPLATE,
        name=name,
        report=report,
        totals={split: sum(classes.values()) for split, classes in report.counts.items()},
        dropped=sum(map(len, report.dropped.values())),
        meanings={key: field.description for key, field in Config.model_fields.items()},
        shown=seen,
        picture=html.figure_uri(picture),
    )


def _words(split: Split, row: int) -> str:
    """What a text says; empty where an example is none."""
    is_text = split.schema.columns[split.schema.inputs[0]].dtype == "text"
    return shown.words(split, row) if is_text else ""


def _thumbnail(splits: Mapping[str, Split], split: str | None, row: int | None) -> str | None:
    """The address of a small picture, or None where there is nothing to see."""
    if split is None or row is None:
        return None
    image = shown.thumbnail(splits[split], row, SIDE)
    return html.image_uri(image) if image is not None else None
