"""What is better chosen by measuring, for one pipeline on this machine."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.text import Text

from components.base.errors import Invalid
from components.base.files import write_text
from components.cli.apart import found_by
from components.cli.terminal import console, table
from components.config.document import Document
from components.config.params import Params
from components.config.pipeline import parse
from components.config.text import laid
from components.fitting.suggestion import written

LIMIT_S = 1800


def suggest(path: Path, is_written: bool) -> None:
    """Measures, and says what was measured and what to write into the file.

    Args:
        path: The pipeline file.
        is_written: Whether to write it; comments and the order of keys stay.

    Raises:
        Invalid: The file has mistakes, or cannot have what is suggested.
        Stop: There are no examples to measure with.
    """
    params = Params.load(Path("params.yaml"))
    document = Document(path)
    parse(document)
    console().print(f"{path}: measuring; with each value it is trained for some seconds")
    found = found_by("components.cli.measuring", path, params.backend, LIMIT_S, "measuring")
    _show(found, path)
    values = {
        one["key"]: one["suggested"] for one in found["choices"] if one["suggested"] != one["now"]
    }
    if not values:
        console().print(f"{path}: as it is")
    elif is_written:
        write(path, values)
        console().print(f"{path}: written; the next: millrace plan {path.stem}")
    else:
        console().print(f"to write them: millrace suggest {path.stem} --write")


def write(path: Path, values: Mapping[str, Any]) -> None:
    """Lays values over a pipeline file, which is read once before it takes the other's place."""
    text = laid(path.read_text(encoding="utf-8"), values)
    with tempfile.TemporaryDirectory() as scratch:
        beside = Path(scratch, path.name)
        write_text(text, beside)
        try:
            parse(Document(beside))
        except Invalid as error:
            raise Invalid(str(error).replace(str(beside), str(path))) from None
    write_text(text, path)


def _show(found: Mapping[str, Any], path: Path) -> None:
    screen = console()
    for columns, rows in found["tables"].values():
        measured = table(columns[0])
        for title in columns[1:]:
            measured.add_column(title, justify="right")
        for row in rows:
            measured.add_row(*row)
        screen.print(measured)
        screen.print()
    choices = table("", "now", "suggested", "why")
    for one in found["choices"]:
        is_kept = one["suggested"] == one["now"]
        suggested = "as it is" if is_kept else Text(written(one["suggested"]), "bold")
        choices.add_row(one["key"], written(one["now"]), suggested, one["why"])
    screen.print(choices)
    screen.print(f"pictures: {Path('measured', path.stem, 'suggest')}")
