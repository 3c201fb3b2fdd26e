"""The examples in the documentation of what a user may bring are parts that work."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from components.base.errors import Invalid
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


@pytest.fixture
def shown():
    """The examples of the pages, in the order of the stages."""
    pages = (
        (PAGES / f"{name}.md").read_text() for name in ("ingest", "preprocess", "model", "train")
    )
    return [part for page in pages for part in re.findall(r"```python\n(.*?)```", page, re.S)]


@pytest.fixture
def examined(tmp_path, monkeypatch):
    """What the check finds with some parts of a user's."""

    def check(parts):
        (tmp_path / "documented.py").write_text(IMPORTS + "\n\n".join(parts))
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, "documented", raising=False)
        rows = np.column_stack([np.linspace(3, 9, 60), np.arange(60) % 2])
        np.savetxt(tmp_path / "coins.txt", rows)
        (tmp_path / "coins.yaml").write_text(FILE)
        document = Document(tmp_path / "coins.yaml")
        return examine(document, parse(document), tmp_path, seed=0)

    return check


def test_a_layer_that_wants_its_data_twice_is_told_as_in_a_run(shown, examined, tmp_path):
    once = "min(chunk.min() for chunk in chunks)"
    twice = f"{once} / max(chunk.max() for chunk in chunks)"
    parts = [part.replace(once, twice) for part in shown]
    assert parts != shown

    with pytest.raises(Invalid) as caught:
        examined(parts)

    said = str(caught.value)
    assert said.startswith(f"{tmp_path}/coins.yaml:5: preprocess.0.documented:Shift: {tmp_path}/")
    assert "empty" in said


def test_the_parts_that_the_pages_show_pass_the_check(shown, examined):
    found = examined(shown)

    assert len(shown) == 4
    assert found.parameters == (1 * 4 + 4) + (4 * 4 + 4) + (4 * 2 + 2)
