"""dvc.yaml says all that a stage reads and writes, and gives no free text to a shell."""

import re
from pathlib import Path

import pytest
import yaml
from project import ALWAYS, ROOT, STAGES

from components.config.document import Document
from components.config.pipeline import parse
from components.fingerprint.stage import _package, fingerprint
from components.run.code import reached
from components.run.names import USES

GRAPH = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]


def paths(entry, *kinds):
    """The paths that a stage has in lists of dvc.yaml, without their settings."""
    return {
        next(iter(one)) if isinstance(one, dict) else one
        for kind in kinds
        for one in entry.get(kind, [])
    }


def shared_params(entry):
    """What a stage depends on of params.yaml."""
    return {key for one in entry.get("params", ()) for key in one.get("params.yaml", ())}


def test_the_stages_are_those_that_are_fingerprinted_in_their_order():
    assert tuple(GRAPH) == (ALWAYS[0], *STAGES, ALWAYS[1])


@pytest.mark.parametrize("stage", STAGES)
def test_every_path_of_the_command_line_is_in_the_graph(stage):
    entry = GRAPH[stage]
    words = [word.strip("'") for word in entry["cmd"].split()]
    used = {
        word for word in words if "/" in word and not word.startswith(("measured/", "pipelines/"))
    }

    declared = paths(entry, "deps", "outs", "metrics", "plots")

    assert used == declared
    assert "data/code/${item.pipeline}/" + f"{stage}.json" in paths(entry, "deps")


@pytest.mark.parametrize("stage", STAGES)
def test_what_is_measured_is_no_output(stage):
    entry = GRAPH[stage]

    assert f"--measured 'measured/${{item.pipeline}}/{stage}.json'" in entry["cmd"]
    assert not any("measured" in path for path in paths(entry, "outs", "metrics", "plots"))


@pytest.mark.parametrize("stage", [*STAGES, *ALWAYS])
def test_everything_is_cached(stage):
    settings = [
        one
        for kind in ("outs", "metrics", "plots")
        for one in GRAPH[stage].get(kind, [])
        if isinstance(one, dict)
    ]

    assert all("cache" not in next(iter(one.values())) for one in settings)


@pytest.mark.parametrize("stage", [*STAGES, *ALWAYS])
def test_a_command_has_nothing_of_params_yaml_but_names_between_quotes(stage):
    command = GRAPH[stage]["cmd"]

    assert set(re.findall(r"\$\{([^}]*)\}", command)) <= {"item.pipeline"}
    assert "${" not in re.sub(r"'[^']*'", "", command)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_that_draws_depends_on_the_seed(stage):
    package = ROOT / "components" / stage
    draws = any("run.seed" in path.read_text() for path in package.glob("*.py"))

    assert draws == ("seed" in shared_params(GRAPH[stage]))


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_that_computes_with_keras_depends_on_its_backend(stage):
    computes = "keras" in reached(_package(stage)).libraries
    fixed = USES[stage].backend

    assert (computes and not fixed) == ("backend" in shared_params(GRAPH[stage]))


@pytest.mark.parametrize(
    ("change", "stages"),
    [
        (("max_duplicate_fraction: 0.01", "max_duplicate_fraction: 0.02"), {"validate"}),
        (("scale: 0.0625", "scale: 0.125"), {"preprocess"}),
        (("augment:\n", "augment:\n  copies: 1\n"), {"augment"}),
        (("{label_preserving", "{calibration_bins: 5, label_preserving"), {"evaluate", "compress"}),
        (("compress:\n", "evaluate: {shown: 12}\ncompress:\n"), {"evaluate"}),
        (("epochs: 40", "epochs: 41"), {"train"}),
        (("methods: [float16, int8]", "methods: [int8]"), {"compress"}),
        (("min: 0.97", "min: 0.98"), {"package"}),
        (("compress:\n", "evaluate: {shown: 24}\ncompress:\n"), set()),
        (("{label_preserving", "{calibration_bins: 10, label_preserving"), set()),
    ],
)
def test_a_setting_is_a_dependency_of_the_stage_that_it_is_for(edited, change, stages):
    found = []
    for path in (ROOT / "pipelines" / "digits.yaml", edited(change)):
        document = Document(path)
        found.append(fingerprint(parse(document), document.data, "tensorflow"))

    before, after = found
    assert {stage for stage in before if before[stage] != after[stage]} == stages


def test_nothing_of_a_run_is_known_to_git():
    ignored = Path(ROOT / ".gitignore").read_text().splitlines()

    assert {"/data/", "/packages/", "/reports/", "/measured/", "/mlruns/"} <= set(ignored)


def test_of_sources_git_knows_the_folders_and_neither_files_nor_links(project, tmp_path):
    (project.root / "sources" / "linked").symlink_to(tmp_path)
    (project.root / "sources" / "own").mkdir()
    for name in (".gitkeep", "a.csv"):
        (project.root / "sources" / "own" / name).touch()

    said = project.run("git", "status", "--porcelain", "--untracked-files=all", "sources")

    assert said == "?? sources/own/.gitkeep\n"
