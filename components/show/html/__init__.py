"""HTML reports: one file each, with its pictures inside, that opens without a server."""

import base64
import io
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from matplotlib.figure import Figure
from PIL import Image


def render(template: Path, **values: Any) -> str:
    """A page from a template of the same folder; every text is escaped."""
    environment = Environment(
        loader=FileSystemLoader([template.parent, Path(__file__).parent]),
        autoescape=True,
        undefined=StrictUndefined,
    )
    return environment.get_template(template.name).render(**values)


def figure_uri(figure: Figure) -> str:
    """A figure as the address of an `<img>`; the same figure gives the same text."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    return _uri(buffer)


def image_uri(image: Image.Image) -> str:
    """An image as the address of an `<img>`."""
    buffer = io.BytesIO()
    image.save(buffer, format="png")
    return _uri(buffer)


def _uri(buffer: io.BytesIO) -> str:
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
