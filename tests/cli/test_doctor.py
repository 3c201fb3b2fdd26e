"""What the doctor says of git."""

from components.base.repository import head
from components.cli import doctor


def test_it_says_which_commit_airflow_runs_where_the_tree_differs(project, monkeypatch):
    monkeypatch.chdir(project.root)
    assert list(doctor._git()) == [("git", True, "clean")]

    project.edit("params.yaml", ("seed: 0", "seed: 1"))

    commit = head(project.root).short
    said = f"Airflow runs commit {commit}; 1 file that differs from it is not seen: commit it"
    assert list(doctor._git()) == [("git", True, said)]


def test_it_looks_at_a_folder_that_is_no_repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    (found,) = doctor._tried(doctor._git)

    assert found == ("git", False, "no repository: DVC needs one, and MLflow names no commit")
