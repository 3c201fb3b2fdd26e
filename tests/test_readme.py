"""What the README shows is what is tested."""

import ast
import re
from pathlib import Path

import pytest
from project import ROOT

from components.base.errors import Invalid
from components.config.document import Document
from components.config.pipeline import parse

README = (ROOT / "README.md").read_text()


def plain(source):
    """The syntax tree without docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            node.body = [
                one
                for one in node.body
                if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
            ]
    return ast.dump(tree)


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_task_of_ones_own_in_the_readme_is_the_one_that_is_tested():
    (shown,) = (one for one in blocks("python") if "class Ordinal" in one)

    assert plain(shown) == plain((ROOT / "tests" / "own_task.py").read_text())
    assert len([line for line in shown.splitlines() if line.strip()]) < 60


def test_every_pipeline_of_the_readme_is_there():
    section = README.partition("## Tasks")[2].partition("\n## ")[0]
    rows = [line.split("|")[-2] for line in section.splitlines() if line.startswith("|")]
    named = {name for row in rows for name in re.findall(r"`([\w-]+)`", row) if name != "task"}

    assert named == {path.stem for path in (ROOT / "pipelines").glob("*.yaml")}


def test_the_mistakes_of_the_readme_are_those_that_are_named(tmp_path, monkeypatch):
    (shown,) = re.findall(r"^\$ millrace check photos\n(.*?)```", README, re.DOTALL | re.MULTILINE)
    text = (ROOT / "pipelines" / "photos.yaml").read_text()
    (tmp_path / "pipelines").mkdir()
    wrong = text.replace("  epochs: ", "  epoch: ").replace("AdamW", "AdammW")
    (tmp_path / "pipelines" / "photos.yaml").write_text(wrong)
    monkeypatch.chdir(tmp_path)

    with pytest.raises(Invalid) as caught:
        parse(Document(Path("pipelines/photos.yaml")))

    assert shown.splitlines() == str(caught.value).splitlines()
