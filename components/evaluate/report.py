"""The HTML report of a trained model."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from components.config.task import Metric
from components.show import html
from components.tasks.measured import Measures, number

TEMPLATE = Path(__file__).parent / "report.html"
Table = tuple[Sequence[str], Iterable[Sequence[Any]]]
"""The columns, and the rows."""


def render(
    name: str,
    measures: Measures,
    metrics: Sequence[Metric],
    tables: Mapping[str, Table],
    figures: Mapping[str, Figure],
) -> str:
    """The page; every text is escaped.

    Args:
        name: The pipeline's.
        measures: What was measured.
        metrics: Of the task.
        tables: Small ones, by caption.
        figures: Pictures by caption, in their order.
    """
    return html.render(
        TEMPLATE,
        name=name,
        tiles=[(one.title, measures.metrics[one.name]) for one in metrics],
        numbers={key.replace("_", " "): value for key, value in measures.numbers.items()},
        examples=measures.examples,
        tables={caption: (columns, list(rows)) for caption, (columns, rows) in tables.items()},
        number=lambda value: number(value) if isinstance(value, float) else value,
        pictures={caption: html.figure_uri(figure) for caption, figure in figures.items()},
    )
