"""What each stage depends on, as the first stage writes it."""

import json
import runpy
import sys

import pytest
from project import ROOT, STAGES

from components.config.document import Document
from components.config.pipeline import parse
from components.run.names import modules


def called(monkeypatch, *arguments):
    """Calls the stage in this process."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", ["fingerprint", *map(str, arguments)])
    runpy.run_module("components.fingerprint", run_name="__main__")


def written(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.json"))


def test_each_stage_of_the_pipelines_gets_a_file(tmp_path, monkeypatch):
    out = tmp_path / "code"
    (out / "left").mkdir(parents=True)
    (out / "left" / "train.json").write_text("{}")

    called(monkeypatch, "--params", "params.yaml", "--out", out)

    assert written(out) == sorted(f"digits/{stage}.json" for stage in STAGES)
    train = json.loads((out / "digits/train.json").read_text())
    assert {"train:", "model:", "components.models.resnet", "keras"} <= train.keys()


def test_of_named_pipelines_alone_the_others_stay_as_they_are(tmp_path, monkeypatch):
    out = tmp_path / "code"
    (out / "left").mkdir(parents=True)
    (out / "left" / "train.json").write_text("{}")

    called(monkeypatch, "mnist", "--params", "params.yaml", "--out", out)

    files = [f"mnist/{stage}.json" for stage in STAGES]
    assert written(out) == sorted([*files, "left/train.json"])


def test_mistakes_end_with_2_and_change_nothing(tmp_path, monkeypatch, capsys):
    (tmp_path / "params.yaml").write_text("backend: abacus\nseed: 0\npipelines: [digits]\n")

    with pytest.raises(SystemExit) as ended:
        called(monkeypatch, "--params", tmp_path / "params.yaml", "--out", tmp_path / "code")

    assert ended.value.code == 2
    assert "backend: must be 'tensorflow' or 'jax', is 'abacus'" in capsys.readouterr().err
    assert not (tmp_path / "code").exists()


def test_a_distribution_of_the_users_own_is_followed(edited, tmp_path, monkeypatch):
    imported = "from optuna.distributions import IntDistribution as Int"
    (tmp_path / "evens.py").write_text(f"{imported}\n\n\nclass Even(Int):\n    pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    space = "{space: {train.batch_size: {'evens:Even': {low: 2, high: 8}}}}"
    document = Document(edited(("tune: {}", f"tune: {space}")))

    assert modules(parse(document), document.data, ["tune"]) == ("evens",)
