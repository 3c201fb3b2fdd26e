"""The HTML report: one file, with its pictures inside, that opens without a server."""

import base64
import io
from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from matplotlib.figure import Figure

from components.tasks.measures import Measures


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
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("report.html").render(
        name=name,
        description=description,
        measures=measures,
        origin=origin,
        pictures={caption: _data_uri(figure) for caption, figure in figures.items()},
    )


def _data_uri(figure: Figure) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
