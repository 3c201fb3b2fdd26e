"""Which files a run has otherwise than its commit."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dags.lines import Line


def files(root: Path, line: Line, values: Mapping[str, Any]) -> dict[str, str]:
    """By path, the texts of the files that a run of a pipeline has otherwise than its commit.

    The pipeline is the only active one and DVC reads no file that it cannot read, so that no
    other's mistakes stop it; and it has the values of the form. Values that the file cannot have
    are a mistake that `fingerprint` names.
    """
    changed = {}
    if line.ignored:
        rules = root / ".dvcignore"
        text = rules.read_text(encoding="utf-8") if rules.exists() else ""
        changed[".dvcignore"] = "\n".join(
            [text, *(f"/{_plain(path)}" for path in line.ignored), ""]
        )
    if not line.file:
        return changed
    from components.config.text import laid, rewritten

    alone = {"pipelines": [Path(line.file).stem]}
    text = (root / "params.yaml").read_text(encoding="utf-8")
    changed["params.yaml"] = rewritten(text, lambda params: params.update(alone))
    if values:
        changed[line.file] = laid(line.text, values)
    return changed


def _plain(path: str) -> str:
    """A path of which no character is a pattern."""
    return re.sub(r"([\\*?\[\] ])", r"\\\1", path)
