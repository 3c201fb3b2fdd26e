"""The HTML report of a trained model."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from components.config.task import Metric, Table
from components.show import html
from components.tasks.measured import Measures, number

TEMPLATE = Path(__file__).parent / "report.html"


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
        number=_shown,
        pictures={caption: html.figure_uri(figure) for caption, figure in figures.items()},
    )


def _shown(value: Any) -> Any:
    """A number as people read it; what is counted, such as words, without places."""
    if isinstance(value, int):
        return f"{value:,}"
    return number(value) if isinstance(value, float) else value
