"""The lines are DVC's own graph, and whatever is wrong with one is said by that one alone."""

import json
import os
import re
import subprocess
from dataclasses import replace

import pytest
from checkout import by_dvc, by_name, by_us, lay, refused, small
from project import ALWAYS, STAGES
from ruamel.yaml import YAML

from dags.graph import safe
from dags.opening import files

MESSAGES = {
    "cycle": (
        "stages:\n  a: {cmd: x, deps: [two], outs: [one]}\n"
        "  b: {cmd: x, deps: [one], outs: [two]}\n",
        "cycle/dvc.yaml: Same item(s) are defined as both a dependency and an output in stages: ",
    ),
    "twice": (
        "stages:\n  a: {cmd: x, outs: [one]}\n  b: {cmd: x, outs: [one]}\n",
        "twice/dvc.yaml:2: output 'twice/one' is specified in:",
    ),
    "inside": (
        "stages:\n  a: {cmd: x, outs: [all]}\n  b: {cmd: x, outs: [all/one]}\n",
        "inside/dvc.yaml: The output paths:",
    ),
    "gone": (
        "stages:\n  a: {cmd: x}\n  b: {cmd: x, outs: ['${gone}']}\n",
        "gone/dvc.yaml:3: failed to parse 'stages.b.outs' in 'gone/dvc.yaml': Could not find ",
    ),
    "syntax": (
        "stages:\n  a: [\n",
        "syntax/dvc.yaml:3: unable to read: 'syntax/dvc.yaml', YAML file structure is corrupted: ",
    ),
    "key": (
        "stages:\n  b: {cmd: x}\n  a:\n    cmd: x\n    otus: [one]\n",
        "key/dvc.yaml:5: './key/dvc.yaml' validation failed: extra keys not allowed @ ",
    ),
    "list": (
        "- stages\n",
        "list/dvc.yaml: './list/dvc.yaml' validation failed: expected a dictionary",
    ),
    "bytes": (
        "\0",
        "bytes/dvc.yaml: unable to read: 'bytes/dvc.yaml', YAML file structure is corrupted: ",
    ),
}
"""By folder, a dvc.yaml, and how what is said of it begins."""

LEGAL = """\
vars: [{key: one, list: [p, q]}]
stages:
  values: {cmd: 'touch ${key} ${list[0]}', outs: ['${key}.${list[1]}']}
  each:
    foreach: [a, b, c]
    do: {cmd: 'touch ${item}', deps: [one.q], outs: ['each.${item}']}
  named:
    foreach: {x: {n: 1}, y: {n: 2}}
    do: {cmd: 'touch ${key} ${item.n}', outs: ['named.${key}']}
  two:
    matrix: {x: [1, 2], y: [p, q]}
    cmd: touch ${item.x} ${item.y}
    deps: [each.a]
    outs: ['two.${item.x}.${item.y}']
  open: {cmd: touch all/one/a, outs: [all]}
  inside: {cmd: touch b, deps: [all/one/a], outs: [b]}
"""


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Two pipelines, and graphs of the user's own with everything that DVC's language has."""
    project = small(tmp_path_factory.mktemp("sound"), **{"other/weekly": LEGAL})
    project.millrace("new", "letters", "--from", "digits")
    lay(project, "digits", "stages:\n  same: {cmd: x}\n")
    lay(project, "a.b", "stages:\n  one: {cmd: x}\n")
    lay(project, "a/b", "stages:\n  two: {cmd: x}\n")
    lay(project, 'we ird/$(touch x)/"q"', "stages:\n  one: {cmd: x, outs: ['$(y)']}\n")
    (project.root / "sources/photos/loop").symlink_to(".")
    (project.root / "sources/photos/none").symlink_to("none")
    (project.root / "accepted/up").symlink_to("..")
    project.run("git", "add", "-fA")
    project.commit("links")
    return project


@pytest.fixture(scope="module")
def lines(sound):
    return by_name(sound)


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """A project with every mistake, each in a folder of its own."""
    texts = {folder: text for folder, (text, _) in MESSAGES.items()}
    return small(tmp_path_factory.mktemp("broken"), fine="stages:\n  a: {cmd: x}\n", **texts)


@pytest.fixture(scope="module")
def found_wrong(broken):
    return by_name(broken)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A project whose files a test changes; each starts from its commit."""
    return small(tmp_path_factory.mktemp("own"), fine="stages:\n  a: {cmd: x}\n")


@pytest.fixture
def project(own):
    yield own
    own.run("git", "reset", "-q", "--hard")
    own.run("git", "clean", "-qfd")


def name_pipelines(project, text):
    project.edit("params.yaml", ("pipelines: [digits]", f"pipelines: {text}"))


def add(project, text):
    """A stage more in the project's own dvc.yaml."""
    file = project.root / "dvc.yaml"
    file.write_text(f"{file.read_text()}\n{text}\n")


def test_the_lines_are_dvcs_own_graph(sound, lines):
    stages, edges = by_us(sound)

    assert stages == by_dvc(sound.root)[0]
    assert len(edges) > 50
    assert edges == by_dvc(sound.root)[1]
    assert {name: line.mistakes for name, line in lines.items()} == dict.fromkeys(lines, "")


def test_a_pipeline_has_its_stages_and_those_that_all_share(lines):
    for name in ("digits", "letters"):
        tasks = [stage.task for stage in lines[name].stages]

        assert sorted(tasks) == sorted([*ALWAYS, *STAGES])
        assert {one.address for one in lines[name].stages if "@" in one.address} == {
            f"{stage}@{name}" for stage in STAGES
        }


def test_everything_that_dvcs_language_has_is_read(lines):
    assert [stage.task for stage in lines["other.weekly"].stages] == [
        *("values", "each.a", "each.b", "each.c", "named.x", "named.y"),
        *("two.1-p", "two.1-q", "two.2-p", "two.2-q", "open.2", "inside"),
    ]


def test_lines_of_one_name_keep_each_a_dag(lines):
    found = {name: [one.address for one in line.stages] for name, line in lines.items()}

    assert len(found["digits"]) == len(ALWAYS) + len(STAGES)
    assert found["digits.2"] == ["digits/dvc.yaml:same"]
    assert found["a.b"] + found["a.b.2"] == ["a.b/dvc.yaml:one", "a/b/dvc.yaml:two"]


def test_hostile_folders_have_names_that_airflow_takes(lines):
    line = lines["we_ird.__touch_x_._q_"]

    assert line.stages[0].address == 'we ird/$(touch x)/"q"/dvc.yaml:one'


@pytest.mark.parametrize("folder", MESSAGES)
def test_a_mistake_is_that_of_its_own_line_and_says_where(found_wrong, folder):
    assert found_wrong[folder].mistakes.startswith(MESSAGES[folder][1])
    assert found_wrong[folder].stages == ()


def test_mistakes_elsewhere_leave_all_other_lines(broken, found_wrong):
    assert refused(broken.root)
    assert {name for name, line in found_wrong.items() if line.mistakes} == set(MESSAGES)
    assert len(found_wrong["digits"].stages) == len(ALWAYS) + len(STAGES)
    assert len(found_wrong["fine"].stages) == 1


def test_a_run_has_a_graph_that_dvc_reads_whatever_is_wrong_elsewhere(
    broken, found_wrong, tmp_path
):
    clone = broken.clone(tmp_path / "run")

    for path, text in files(clone.root, found_wrong["fine"], {}).items():
        (clone.root / path).write_text(text)

    assert refused(clone.root) == ""


@pytest.mark.parametrize(
    ("other", "message"),
    [
        pytest.param(
            "stages:\n  b: {cmd: x, outs: [../one/out]}\n",
            "two/dvc.yaml: output 'one/out' is specified in:",
            id="writes the same file",
        ),
        pytest.param(
            "stages:\n  b: {cmd: x, outs: [../data/digits/raw]}\n",
            "two/dvc.yaml: output 'data/digits/raw' is specified in:",
            id="writes a pipeline's",
        ),
        pytest.param(
            "stages:\n  b: {cmd: x, deps: [../one/out], outs: [../one/in]}\n",
            "two/dvc.yaml: Same item(s) are defined as both a dependency and an output",
            id="closes a circle",
        ),
    ],
)
def test_of_two_files_that_do_not_go_together_the_later_is_wrong(project, tmp_path, other, message):
    lay(project, "one", "stages:\n  a: {cmd: x, deps: [in], outs: [out]}\n")
    lay(project, "two", other)

    found = by_name(project)

    assert found["two"].mistakes.startswith(message)
    assert [name for name, line in found.items() if line.mistakes] == ["two"]
    assert found["digits"].ignored == found["one"].ignored == ("two/dvc.yaml",)


@pytest.mark.parametrize(
    "name",
    [
        "x y",
        "$(touch x)",
        "../x",
        "a\"b'c",
        "a/b",
        "a@b",
        "{{ 1 }}",
        "n" * 300,
        "",
        "Größe",
        {"a": 1},
        3,
        "nofile",
    ],
    ids=str,
)
def test_a_name_that_is_none_breaks_no_other_pipeline(project, name):
    name_pipelines(project, json.dumps(["digits", name]))

    found = by_name(project)

    assert len(found["digits"].stages) == len(ALWAYS) + len(STAGES)
    assert len(found["fine"].stages) == 1
    wrong = [line for line in found.values() if line.mistakes]
    assert wrong
    assert all(line.mistakes.startswith(("params.yaml:2: ", "pip", "dvc.yaml")) for line in wrong)
    assert all(len(line.name) <= 200 for line in wrong)


def test_a_pipeline_without_a_file_is_no_graph_of_the_users_own(project):
    name_pipelines(project, "[digits, nofile]")

    found = by_name(project)

    assert list(found) == ["digits", "nofile", "fine"]
    message = found["nofile"].mistakes
    assert message.startswith("params.yaml:2: pipelines.1: no file pipelines/nofile.yaml; there ")
    assert found["nofile"].file == "pipelines/nofile.yaml"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("seed: 0", "seed: -1"), "params.yaml:3: seed: must be greater than or equal to 0, is -1"),
        (("backend: tensorflow", "backend: ["), "params.yaml:6: not valid YAML: "),
        (("[digits]", "digits"), "params.yaml:2: pipelines: must be a list, is 'digits'"),
        (("pipelines: [digits]", "3"), "params.yaml:"),
    ],
)
def test_mistakes_in_params_yaml_are_a_line_and_leave_the_folders(project, change, message):
    project.edit("params.yaml", change)

    found = by_name(project)

    assert found["params"].mistakes.startswith(message)
    assert len(found["fine"].stages) == 1


def test_without_params_yaml_there_is_a_line_that_says_so(project):
    (project.root / "params.yaml").unlink()

    assert by_name(project)["params"].mistakes == "params.yaml: no such file"


def test_a_mistake_in_the_projects_own_file_leaves_the_folders_runs(project, tmp_path):
    project.edit("dvc.yaml", ("desc: Check the dataset, and", "desc: [Check"))

    found = by_name(project)

    assert found["digits"].mistakes.startswith("dvc.yaml:46: unable to read: 'dvc.yaml'")
    assert found["fine"].ignored == ("dvc.yaml",)
    for path, text in files(project.root, found["fine"], {}).items():
        (project.root / path).write_text(text)
    assert refused(project.root) == ""


def test_a_mistake_in_a_stage_of_the_template_has_its_line(project):
    project.edit("dvc.yaml", ("- sources/${item.pipeline}", "- sources/${item.pipline}"))

    assert by_name(project)["digits"].mistakes == (
        "dvc.yaml:34: failed to parse 'stages.ingest@digits.deps' in 'dvc.yaml': "
        "Could not find 'item.pipline'"
    )


def test_a_stage_beside_the_pipelines_breaks_those_that_it_is_in_conflict_with(project):
    project.millrace("new", "letters", "--from", "digits")
    add(project, "  mine: {cmd: x, outs: [data/digits/raw]}")

    found = by_name(project)

    assert "output 'data/digits/raw' is specified in:" in found["digits"].mistakes
    assert found["letters"].mistakes == ""
    assert len(found["letters"].stages) >= len(ALWAYS) + len(STAGES)


def test_stages_that_belong_to_no_pipeline_are_a_line_of_their_own(project):
    add(project, "  mine: {cmd: x, outs: [mine]}\n  after: {cmd: x, deps: [data/digits/raw]}")

    found = by_name(project)

    assert [one.task for one in found["others"].stages] == ["mine"]
    assert "after" in [one.task for one in found["digits"].stages]


def test_what_dvc_is_told_to_ignore_is_no_line(project):
    lay(project, "tests/data", "stages: [\n")

    assert list(by_name(project)) == ["digits", "fine"]


def test_a_broken_pipeline_file_says_where_and_keeps_its_schedule(project):
    project.edit("pipelines/digits.yaml", ("epochs: 40", "epoch: 40"))

    line = by_name(project)["digits"]

    assert line.mistakes == (
        "pipelines/digits.yaml:24: train.epochs: missing\n"
        "pipelines/digits.yaml:25: train.epoch: unknown key; did you mean 'epochs'?"
    )
    assert line.airflow["schedule"]["cron"] == "@daily"


def test_the_trials_of_a_search_fan_out_where_each_stands_by_itself(project):
    space = "tune: {trials: 3, space: {train.batch_size: {IntDistribution: {low: 8, high: 16}}}"
    file = project.root / "pipelines/digits.yaml"
    text = file.read_text()

    file.write_text(f"{text}{space}, sampler: RandomSampler, pruner: NopPruner}}\n")
    apart = {one.task: one for one in by_name(project)["digits"].stages}
    file.write_text(f"{text}{space}}}\n")
    learning = by_name(project)["digits"].stages

    assert {task: one.trials for task, one in apart.items() if one.trials} == {"tune": (0, 1, 2)}
    assert apart["tune"].trial[:4] == (
        *("python", "-m", "components.tune.trial"),
        "pipelines/digits.yaml",
    )
    assert all(one.trials == () for one in learning)


def test_a_line_knows_what_its_stages_are(lines):
    stages = {one.task: one for one in lines["digits"].stages}

    assert stages["ingest"].description == "Read the raw source, split it and fingerprint it"
    assert "sources/digits" in stages["ingest"].deps
    assert [task for task, one in stages.items() if one.always] == [*ALWAYS]


def test_reading_changes_nothing_in_the_checkout(project):
    by_name(project)

    assert project.run("git", "status", "--porcelain") == ""
    assert not os.path.lexists(project.root / "x")


def test_a_link_is_not_followed_out_of_the_project(project, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "dvc.yaml").write_text("stages:\n  a: {cmd: x}\n")
    (project.root / "away").symlink_to(elsewhere)

    assert list(by_name(project)) == ["digits", "fine"]


def test_a_run_lays_the_form_over_the_file_and_has_no_other_pipeline(project):
    project.millrace("new", "letters", "--from", "digits")
    line = by_name(project)["digits"]

    changed = files(project.root, line, {"train.epochs": 3})

    assert sorted(changed) == ["params.yaml", "pipelines/digits.yaml"]
    assert YAML(typ="safe").load(changed["params.yaml"])["pipelines"] == ["digits"]
    assert "# of the split, the shuffling" in changed["params.yaml"]
    assert changed["pipelines/digits.yaml"] == line.text.replace("epochs: 40", "epochs: 3")
    assert "pipelines/digits.yaml" not in files(project.root, line, {})


def test_files_that_dvc_cannot_read_are_ignored_by_their_very_names(project):
    line = replace(by_name(project)["fine"], ignored=("a [b]*/dvc.yaml", "!c/dvc.yaml"))
    lay(project, "a [b]*", "stages: [\n")
    lay(project, "!c", "stages: [\n")

    (project.root / ".dvcignore").write_text(files(project.root, line, {})[".dvcignore"])

    assert refused(project.root) == ""
    assert (project.root / ".dvcignore").read_text().startswith("__pycache__\n/tests\n")


@pytest.mark.parametrize(
    "name", ["a..b", "x.lock", ".hidden", "-rf", "a b", "...", "größe", "n" * 300, "a@{b}", "a."]
)
def test_a_name_is_one_that_airflow_and_git_take(name):
    text = safe(name)

    branch = ["git", "check-ref-format", f"refs/heads/airflow/{text}/one"]
    assert subprocess.run(branch, check=False).returncode == 0
    assert re.fullmatch(r"[A-Za-z0-9_.-]{1,201}", text)
