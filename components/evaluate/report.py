"""The HTML report of a trained model."""

from collections.abc import Mapping
from pathlib import Path

from matplotlib.figure import Figure

from components import html
from components.tasks.measures import Measures

TEMPLATE = Path(__file__).parent / "report.html"


def render(
    name: str,
    description: str,
    measures: Measures,
    figures: Mapping[str, Figure],
    origin: Mapping[str, str],
) -> str:
    """The page; every text is escaped.

    Args:
        name: The pipeline's.
        description: The pipeline's.
        measures: What was measured.
        figures: Pictures by caption, in their order.
        origin: Where the model comes from, by what it is called.
    """
    return html.render(
        TEMPLATE,
        name=name,
        description=description,
        measures=measures,
        origin=origin,
        pictures={caption: html.figure_uri(figure) for caption, figure in figures.items()},
    )
