"""A new pipeline file from one that there is."""

import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from components.base.errors import Invalid
from components.base.files import write_text
from components.config.document import Document
from components.config.params import LONGEST, NAME, Params
from components.config.text import laid, rewritten


def new(name: str, origin: str, root: Path, data: Path | None = None) -> Path:
    """Copies a pipeline file, registers its model under the new name, and makes it active.

    Where it speaks of its folder under `sources/`, the copy speaks of its own.

    Args:
        name: Of the new pipeline: small letters, digits, `_` and `-`.
        origin: Name of the pipeline that is copied.
        root: The project.
        data: A folder that `sources/NAME` will be a link to; left out, it is an empty folder.

    Returns:
        The new file, ready to edit.

    Raises:
        Invalid: The name cannot be used, or a file cannot be read.
    """
    source, target = (root / "pipelines" / f"{one}.yaml" for one in (origin, name))
    if not re.fullmatch(NAME, name):
        raise Invalid(f"'{name}' is no name: small letters, digits, '_' and '-' make one")
    if len(name) > LONGEST:
        raise Invalid(f"a name has at most {LONGEST} characters; this one has {len(name)}")
    if target.exists():
        raise Invalid(f"{target} is there already")
    sources = root / "sources" / name
    if data is not None and not data.is_dir():
        raise Invalid(f"{data}: no such folder")
    if data is not None and (sources.is_symlink() or sources.exists()):
        raise Invalid(f"{sources} is there already, and cannot become a link to {data}")
    params = root / "params.yaml"
    Params.load(params)  # what cannot be read cannot be added to
    text = _renamed(Document(source), name)
    if data is not None:
        sources.symlink_to(data.resolve())
    write_text(text.replace(f"sources/{origin}/", f"sources/{name}/"), target)
    _activate(name, params)
    for folder in (*([] if data else [sources]), root / "accepted" / name):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".gitkeep").touch()
    return target


def _renamed(document: Document, name: str) -> str:
    """The text of a file with another `register.name`, wherever and however it is written."""
    text = document.path.read_text(encoding="utf-8")
    line = document.line(("register", "name"))
    lines = text.splitlines(keepends=True)
    named = re.compile(r"""(\bname['"]?\s*:\s*)(?:"[^"]*"|'[^']*'|[^\s,}#]+)""")
    # In the text, since no writer keeps its layout; where that is not possible, by a writer.
    start = sum(map(len, lines[: line - 1]))
    changed = named.sub(lambda match: match[1] + name, lines[line - 1], count=1)
    result = text[:start] + changed + text[start + len(lines[line - 1]) :]
    if _name_of(result) != name:
        result = laid(text, {"register.name": name})
    return result


def _name_of(text: str) -> Any:
    register = YAML(typ="safe", pure=True).load(text).get("register")
    return register.get("name") if isinstance(register, dict) else None


def _activate(name: str, params: Path) -> None:
    """Adds the name to the active pipelines; comments and layout stay."""

    def change(document: Any) -> None:
        if name not in document["pipelines"]:
            document["pipelines"].append(name)

    text = params.read_text(encoding="utf-8")
    if (changed := rewritten(text, change)) != text:
        write_text(changed, params)
