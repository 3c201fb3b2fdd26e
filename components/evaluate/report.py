"""The HTML report of a trained model."""

from collections.abc import Mapping
from pathlib import Path

from matplotlib.figure import Figure

from components.show import html
from components.tasks.measures import Measures

TEMPLATE = Path(__file__).parent / "report.html"


def render(
    name: str,
    measures: Measures,
    figures: Mapping[str, Figure],
) -> str:
    """The page; every text is escaped.

    Args:
        name: The pipeline's.
        measures: What was measured.
        figures: Pictures by caption, in their order.
    """
    return html.render(
        TEMPLATE,
        name=name,
        measures=measures,
        pictures={caption: html.figure_uri(figure) for caption, figure in figures.items()},
    )
