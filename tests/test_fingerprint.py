"""What each stage depends on, as the first stage writes it."""

import json
import runpy
import sys

import pytest
from project import ROOT, STAGES

from components.config.document import Document
from components.config.pipeline import parse
from components.fingerprint.stage import fingerprint
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
    assert train.keys() == {"values", "code"}
    values = {"train.epochs": "40", "model.stem": "3x3", "train.checkpoint.monitor": "val_loss"}
    assert values.items() <= train["values"].items()
    network = {"components.models.resnet", "components.models.resnet.network"}
    assert {*network, "components.fitting.supervised.fit", "keras"} <= train["code"].keys()


def test_of_named_pipelines_alone_the_others_stay_as_they_are(tmp_path, monkeypatch):
    out = tmp_path / "code"
    (out / "left").mkdir(parents=True)
    (out / "left" / "train.json").write_text("{}")

    called(monkeypatch, "mnist", "--params", "params.yaml", "--out", out)

    files = [f"mnist/{stage}.json" for stage in STAGES]
    assert written(out) == sorted([*files, "left/train.json"])


def test_the_folders_that_dvc_looks_for_are_made(tmp_path, monkeypatch):
    (tmp_path / "pipelines").symlink_to(ROOT / "pipelines")
    params = (ROOT / "params.yaml").read_text().replace("[digits]", "[digits, diabetes]")
    (tmp_path / "params.yaml").write_text(params)

    called(monkeypatch, "--params", tmp_path / "params.yaml", "--out", tmp_path / "code")

    assert (tmp_path / "code/diabetes/train.json").exists()
    for place in ("sources", "accepted"):
        assert sorted(path.name for path in (tmp_path / place).iterdir()) == ["diabetes", "digits"]


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
    document = Document(edited(("\ntrain:\n", f"\ntune: {space}\ntrain:\n")))

    assert modules(parse(document), document.data, ["tune"]) == ("evens",)


def stages_of(path):
    """What each stage of a file depends on."""
    document = Document(path)
    return fingerprint(parse(document), document.data, "tensorflow")


def differing(edited, *changes):
    """The stages for which the bundled file with changes is another one."""
    before, after = stages_of(edited()), stages_of(edited(*changes))
    assert set(before) == set(after) == set(STAGES)
    return [stage for stage in STAGES if before[stage] != after[stage]]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(("  epochs: 40", "  epochs: 40\n  learner: supervised"), id="the learner"),
        pytest.param(("  blocks: [2, 2]", "  blocks: [2, 2]\n  stem: 3x3"), id="of the model"),
        pytest.param(
            ("[float16, int8]", "[{float16: {}}, {int8: {calibration_examples: 256}}]"),
            id="of a method",
        ),
        pytest.param(
            ("flips: none}}", "flips: none, head_activation: softmax}}"), id="of the task"
        ),
        pytest.param(("{scale: 0.0625}", "{ scale:  0.0625 }"), id="another layout"),
    ],
)
def test_a_default_that_is_spelled_out_changes_nothing(edited, change):
    assert differing(edited, change) == []


@pytest.mark.parametrize(
    ("change", "stages"),
    [
        pytest.param(("bundled with", "from"), [], id="the description"),
        pytest.param(
            ("flips: none}}", "flips: none, calibration_bins: 5}}"),
            ["evaluate", "compress"],
            id="what is measured",
        ),
        pytest.param(
            ("flips: none}}", "flips: horizontal}}"), [], id="what a check alone needs to know"
        ),
        pytest.param(("epochs: 40", "epochs: 41"), ["train"], id="an epoch more"),
        pytest.param(
            ("architecture: resnet\n  blocks: [2, 2]", "architecture: cnn"),
            ["tune", "train", "evaluate", "compress", "package"],
            id="another architecture",
        ),
        pytest.param(
            ("methods: [float16, int8]", "methods: [int8]"), ["compress"], id="a method less"
        ),
        pytest.param(("min: 0.97", "min: 0.98"), ["package"], id="the gate"),
    ],
)
def test_a_stage_depends_on_what_it_uses_and_on_nothing_else(edited, change, stages):
    assert differing(edited, change) == stages


OWN = """\
from components.tasks.classification import Classification


class Mine(Classification):
    pass
"""


def test_a_task_of_the_users_own_is_followed_with_the_parts_that_it_inherits(
    edited, tmp_path, monkeypatch
):
    (tmp_path / "task_of_mine.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)

    found = stages_of(edited(("{classification: {", "{'task_of_mine:Mine': {")))

    home = "components.tasks.classification"
    for stage, part in (("train", "learn"), ("evaluate", "measure"), ("evaluate", "draw")):
        assert {"task_of_mine", home, f"{home}.{part}"} <= found[stage]["code"].keys()
    assert f"{home}.draw" not in found["train"]["code"]
    assert f"{home}.learn" not in found["compress"]["code"]
    assert "task_of_mine" not in found["preprocess"]["code"]
