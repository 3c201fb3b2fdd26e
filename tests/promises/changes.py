"""Tries changes to the files of a checkout, one after the other, and prints what `plan` says.

Run in the checkout. Reads JSON from stdin: a list of `[file, old, new]`. An `old` of null adds
`new` to the end of the file, which need not be there; a file `version NAME` stands for another
version of a library, a file `words` for other comments and docstrings in every module. Writes a
list of `{stage: action}` to stdout; every file is put back.
"""

import importlib.metadata
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from components.cli.plan import plan
from components.config import lookup
from components.run import code

VERSION = importlib.metadata.version


@contextmanager
def changed(file: str, old: str | None, new: str) -> Iterator[None]:
    """The checkout with a change."""
    if file == "words":
        files = {path: _reworded(path.read_text()) for path in Path("components").rglob("*.py")}
    elif file.startswith("version "):
        files, name = {}, file.removeprefix("version ")
        code.version = lambda library: new if library == name else VERSION(library)
    else:
        path = Path(file)
        text = path.read_text() if path.exists() else ""
        assert old is None or old in text, f"{old!r} is not in {file}"
        files = {path: text + new if old is None else text.replace(old, new)}
    before = {path: path.read_text() if path.exists() else None for path in files}
    try:
        for path, text in files.items():
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        _forget()
        yield
    finally:
        code.version = VERSION
        for path, text in before.items():
            if text is None:
                path.unlink()
                if not any(path.parent.iterdir()):
                    path.parent.rmdir()
            else:
                path.write_text(text)


def _reworded(text: str) -> str:
    quotes = '"' * 3  # the first are a docstring's
    return "# More.\n" + text.replace(quotes, f"{quotes}More: ", 1) + "\n# The end."


def _forget() -> None:
    """What was read of files before."""
    importlib.invalidate_caches()
    for module in (code, lookup):
        for value in vars(module).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()


found = []
for change in json.load(sys.stdin):
    with changed(*change):
        found.append({step.stage: step.action for step in plan(Path())})
sys.stdout.write(f"> {json.dumps(found)}")
