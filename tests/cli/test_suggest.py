"""`millrace suggest`: what it says, and what it writes."""

from types import SimpleNamespace

import pytest
from project import ROOT

from components.base.errors import Invalid, Stop
from components.cli import measuring
from components.cli import suggest as module
from components.cli.measuring import measure
from components.cli.suggest import suggest, write
from components.config.document import Document
from components.config.params import Params
from components.config.pipeline import parse
from components.fitting.suggestion import Choice, Suggestion
from components.fitting.supervised import Supervised

FOUND = {
    "choices": [
        {"key": "train.precision", "now": "float32", "suggested": "mixed_bfloat16", "why": "fast"},
        {"key": "train.augment_on", "now": None, "suggested": None, "why": "alike"},
        {"key": "train.learning_rate.cosine.initial", "now": 2e-3, "suggested": 0.01, "why": ""},
    ],
    "tables": {"train.precision": [["precision", "examples/s"], [["float32", "1,000"]]]},
    "told": {},
}  # fmt: skip


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with a pipeline, of which nothing has run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pipelines").mkdir()
    for name in ("params.yaml", "pipelines/digits.yaml", "pipelines/digits-forest.yaml"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    return tmp_path / "pipelines" / "digits.yaml"


@pytest.fixture
def measured(monkeypatch):
    monkeypatch.setattr(module, "found_by", lambda *_: FOUND)


def test_it_says_what_was_measured_and_how_to_write_it(project, measured, capsys):
    before = project.read_text()

    suggest(project, is_written=False)

    said = capsys.readouterr().out
    assert "1,000" in said
    assert "mixed_bfloat16" in said
    assert "left out" in said
    assert "to write them: millrace suggest digits --write" in said
    assert project.read_text() == before


def test_what_it_writes_are_literal_values_and_comments_stay(project, measured):
    before = project.read_text().splitlines()

    suggest(project, is_written=True)

    after = project.read_text().splitlines()
    changed = [line.strip() for line in after if line not in before]
    assert len(after) == len(before)
    assert changed[0].startswith("precision: mixed_bfloat16")
    assert changed[0].endswith("# on a GPU: mixed_bfloat16")
    assert changed[1:] == ["learning_rate: {cosine: {initial: 0.01, warmup: 2}}"]
    assert parse(Document(project)).train.augment_on is None


def test_where_nothing_is_won_the_file_stays(project, monkeypatch, capsys):
    kept = [{**one, "suggested": one["now"]} for one in FOUND["choices"]]
    monkeypatch.setattr(module, "found_by", lambda *_: {**FOUND, "choices": kept})
    before = project.read_text()

    suggest(project, is_written=True)

    assert project.read_text() == before
    assert "digits.yaml: as it is" in capsys.readouterr().out


def test_what_the_file_could_not_have_is_not_written(project):
    before = project.read_text()

    with pytest.raises(Invalid, match="must be greater than 0"):
        write(project, {"train.batch_size": 0})

    assert project.read_text() == before
    assert sorted(path.name for path in project.parent.iterdir()) == [
        "digits-forest.yaml", "digits.yaml"
    ]  # fmt: skip


def test_without_examples_it_says_what_makes_them(project):
    document = Document(project)

    with pytest.raises(Stop, match=r"no examples to measure with yet: dvc repro augment@digits"):
        measure(document, parse(document), Params.load(project.parent.parent / "params.yaml"))


@pytest.mark.parametrize("key", ["precision", "batch_size", "learning_rate", "epochs"])
def test_auto_is_a_mistake_that_names_the_command(project, key):
    lines = project.read_text().splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith(f"  {key}:"))
    lines[place] = f"  {key}: auto"
    project.write_text("\n".join(lines))

    with pytest.raises(Invalid) as caught:
        parse(Document(project))

    assert str(caught.value).startswith(f"{project}:{place + 1}: train.{key}: auto is no value")
    assert "millrace suggest NAME --write" in str(caught.value)


def test_what_a_search_chooses_is_not_suggested(project, monkeypatch):
    text = project.read_text()
    space = "tune:\n  space: {train.batch_size: {IntDistribution: {low: 16, high: 64}}}\n"
    project.write_text(text.replace("\ntrain:", f"\n{space}train:", 1))
    for name in ("data/digits/ready", "data/digits/augmented"):
        (project.parent.parent / name).mkdir(parents=True)
    (project.parent.parent / "data/digits/ready/dataset.json").write_text("{}")
    monkeypatch.setattr(measuring.Data, "load", lambda *_: SimpleNamespace(facts=None))
    monkeypatch.setattr(measuring, "fact_problems", lambda *_: [])
    choices = [Choice("train.batch_size", 32, 64, "fast"), Choice("train.precision", 1, 2, "fast")]
    monkeypatch.setattr(Supervised, "suggest", lambda *_: Suggestion(choices))
    document = Document(project)

    found = measure(document, parse(document), Params.load(project.parent.parent / "params.yaml"))

    assert [one.suggested for one in found.choices] == [32, 2]
    assert found.choices[0].why == "tune searches it"
