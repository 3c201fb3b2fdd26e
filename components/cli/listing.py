"""The pipelines that there are."""

from pathlib import Path

from components.base.errors import Invalid
from components.base.files import read_json
from components.cli import project
from components.cli.terminal import console, table
from components.config.document import Document
from components.config.params import Params


def show() -> None:
    """Prints each pipeline: whether it is active, what its last run measured, what it is.

    Raises:
        Invalid: params.yaml, which says what is active, has mistakes.
    """
    wrong, active = None, list[str]()
    try:
        active = list(Params.load(Path("params.yaml")).pipelines)
    except Invalid as error:
        wrong = error
    rows = table("pipeline", "", "measured", "description")
    for name in project.names():
        rows.add_row(name, "active" if name in active else "", _measured(name), _description(name))
    console().print(rows)
    if wrong:
        raise wrong


def _measured(name: str) -> str:
    """What the last run said of the model."""
    path = Path("measured", name, "evaluate.json")
    return str(read_json(path).get("finding", "")) if path.exists() else ""


def _description(name: str) -> str:
    try:
        data = Document(Path("pipelines", f"{name}.yaml")).data
    except Invalid as error:
        return str(error).splitlines()[0]
    return str(data.get("description", ""))
