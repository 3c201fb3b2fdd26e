"""A new pipeline file from one that there is."""

import re
from pathlib import Path

from ruamel.yaml import YAML

from components.errors import Invalid
from components.files import write_text


def new(name: str, origin: str, root: Path) -> Path:
    """Copies a pipeline file, registers its model under the new name, and makes it active.

    Args:
        name: Of the new pipeline: small letters, digits, `_` and `-`.
        origin: Name of the pipeline that is copied.
        root: The project.

    Returns:
        The new file, ready to edit.

    Raises:
        Invalid: The name cannot be used, or there is nothing to copy.
    """
    source, target = (root / "pipelines" / f"{one}.yaml" for one in (origin, name))
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name):
        raise Invalid(f"'{name}' is no name: small letters, digits, '_' and '-' make one")
    if target.exists():
        raise Invalid(f"{target} is there already")
    if not source.exists():
        known = ", ".join(sorted(path.stem for path in source.parent.glob("*.yaml")))
        raise Invalid(f"no pipeline '{origin}'; there are {known}")
    text = source.read_text(encoding="utf-8")
    # By line, not by YAML, so that comments and layout stay.
    text = re.sub(rf"(?m)^(\s+name:\s+){re.escape(origin)}$", rf"\g<1>{name}", text)
    write_text(text, target)
    _activate(name, root / "params.yaml")
    for folder in (root / "sources" / name, root / "accepted" / name):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".gitkeep").touch()
    return target


def _activate(name: str, params: Path) -> None:
    """Adds the name to the active pipelines; comments stay."""
    yaml = YAML()
    document = yaml.load(params.read_text(encoding="utf-8"))
    if name not in document["pipelines"]:
        document["pipelines"].append(name)
        with params.open("w", encoding="utf-8") as file:
            yaml.dump(document, file)
