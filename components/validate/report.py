"""The HTML report of a dataset."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from components.config.validate import Config
from components.data.dataset import Facts, Split
from components.data.images import Undecodable, pixels
from components.show import html
from components.show.pictures import displayable
from components.validate.stage import Report

TEMPLATE = Path(__file__).parent / "report.html"
SHOWN, SIDE = 12, 160  # examples of a finding, and pixels of a thumbnail


def render(
    name: str,
    report: Report,
    splits: Mapping[str, Split],
    facts: Facts,
    picture: Figure,
) -> str:
    """The page; every text is escaped.

    Args:
        name: The pipeline's.
        report: What was found.
        splits: Every split as ingest wrote it, for the thumbnails.
        facts: What is known about the dataset.
        picture: Class balance and examples.
    """
    shown = {
        finding.kind: [
            (
                example,
                _thumbnail(splits, example.split, example.row, facts),
                _thumbnail(splits, example.other_split, example.other_row, facts),
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
        shown=shown,
        picture=html.figure_uri(picture),
    )


def _thumbnail(
    splits: Mapping[str, Split], split: str | None, row: int | None, facts: Facts
) -> str | None:
    """The address of a small picture, or None where there is nothing to see."""
    if split is None or row is None or not facts.is_image:
        return None
    try:
        values = pixels(splits[split], row, facts)
    except Undecodable:
        return None
    if values.dtype == np.uint8:  # as it is: a grey placeholder is not black
        image = Image.fromarray(values[..., 0] if values.shape[-1] == 1 else values[..., :3])
    else:
        values = displayable(np.nan_to_num(values, posinf=0, neginf=0))
        image = Image.fromarray((255 * values).astype(np.uint8))
    image.thumbnail((SIDE, SIDE))
    return html.image_uri(image)
