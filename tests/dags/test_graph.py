"""The graph that Airflow is given is DVC's own."""

import subprocess
import sys
from contextlib import chdir

import pytest
from dvc.repo import Repo
from graph import lines
from project import ROOT, Project


def by_dvc(root):
    """Stages by address and edges, upstream first, as DVC sees them."""
    with chdir(root), Repo(str(root)) as repo:  # DVC's addresses are relative to where one is
        graph = repo.index.graph
        edges = {(after.addressing, before.addressing) for before, after in graph.edges}
        return {stage.addressing for stage in graph.nodes}, edges


def by_us(root):
    """The same from the files."""
    found = lines(root)
    addresses = {line.name: {s.name: s.address for s in line.stages} for line in found}
    edges = {
        (addresses[line.name][upstream], addresses[line.name][downstream])
        for line in found
        for upstream, downstream in line.edges
    }
    return {stage.address for line in found for stage in line.stages}, edges


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def test_the_projects_own_graph_is_dvcs():
    assert by_us(ROOT) == by_dvc(ROOT)


def test_two_pipelines_are_two_lines(project):
    project.millrace("new", "letters", "--from", "digits")

    assert [line.name for line in lines(project.root)] == ["digits", "letters"]
    assert by_us(project.root) == by_dvc(project.root)


def test_a_graph_in_a_sub_folder_is_a_line_of_its_own(project):
    folder = project.root / "other" / "weekly"
    folder.mkdir(parents=True)
    (folder / "params.yaml").write_text("kind: pdf\n")
    (folder / "dvc.yaml").write_text(
        "stages:\n"
        "  collect: {cmd: touch out, outs: [out]}\n"
        "  print: {cmd: 'touch week.${kind}', deps: [out], outs: ['week.${kind}']}\n"
    )

    weekly = lines(project.root)[-1]

    assert weekly.name == "other.weekly"
    assert [stage.address for stage in weekly.stages] == [
        "other/weekly/dvc.yaml:collect",
        "other/weekly/dvc.yaml:print",
    ]
    assert by_us(project.root) == by_dvc(project.root)


def test_a_folder_feeds_what_reads_a_file_inside_of_it(project):
    folder = project.root / "other"
    folder.mkdir()
    (folder / "dvc.yaml").write_text(
        "stages:\n"
        "  write: {cmd: mkdir -p all/one && touch all/one/a, outs: [all]}\n"
        "  read: {cmd: touch b, wdir: ., deps: [all/one/a], outs: [b]}\n"
    )

    assert by_us(project.root) == by_dvc(project.root)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "stages:\n  a: {cmd: x, outs: ['${gone}']}\n",
            "dvc.yaml: '${gone}' is in no params.yaml beside it",
            id="a value that there is not",
        ),
        pytest.param(
            "stages:\n  a: [\n", "dvc.yaml:3: not valid YAML: ", id="a syntax error has its line"
        ),
    ],
)
def test_a_broken_graph_is_named(tmp_path, text, message):
    (tmp_path / "dvc.yaml").write_text(text)

    with pytest.raises(ValueError, match="dvc") as caught:
        lines(tmp_path)

    assert str(caught.value).startswith(f"{tmp_path}/{message}")


def test_the_graph_is_read_without_a_framework():
    code = (
        "import sys, graph; from pathlib import Path; graph.lines(Path.cwd()); "
        "print(sorted({'dvc', 'keras', 'mlflow', 'tensorflow', 'jax', 'numpy'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, 'dags'); {code}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "[]\n"
