"""The examples in the documentation of what a user may bring are parts that work."""

import re
import sys
from pathlib import Path

import numpy as np

from components.cli.deep import examine
from components.config.document import Document
from components.config.pipeline import parse

PAGES = Path(__file__).parents[1] / "docs/reference"
IMPORTS = """\
import keras
import numpy as np

from components.config.ingest import Source
from components.config.section import kind
from components.data.features.class_label import ClassLabel
from components.data.features.value import Value
from components.data.listing import Listing
from components.data.schema import Schema

"""
FILE = """\
version: 1
description: Coins.
task: classification
ingest: {source: "documented:Coins"}
preprocess: ["documented:Shift"]
model: {architecture: "documented:net", arguments: {width: 4}}
train: {epochs: 1, batch_size: 8, loss: "documented:Focal"}
register: {name: coins}
"""


def test_the_parts_that_the_pages_show_pass_the_check(tmp_path, monkeypatch):
    pages = (
        (PAGES / f"{name}.md").read_text() for name in ("ingest", "preprocess", "model", "train")
    )
    shown = [part for page in pages for part in re.findall(r"```python\n(.*?)```", page, re.S)]
    (tmp_path / "documented.py").write_text(IMPORTS + "\n\n".join(shown))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "documented", raising=False)
    rows = np.column_stack([np.linspace(3, 9, 60), np.arange(60) % 2])
    np.savetxt(tmp_path / "coins.txt", rows)
    (tmp_path / "coins.yaml").write_text(FILE)
    document = Document(tmp_path / "coins.yaml")

    found = examine(document, parse(document), tmp_path, seed=0)

    assert len(shown) == 4
    assert found.parameters == (1 * 4 + 4) + (4 * 4 + 4) + (4 * 2 + 2)
