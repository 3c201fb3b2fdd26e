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


def test_it_says_whether_files_from_a_remote_are_checked(project, monkeypatch):
    monkeypatch.chdir(project.root)
    assert list(doctor._remote()) == []

    project.dvc("remote", "add", "-d", "shared", str(project.root.parent), "-q")
    advice = "files from it are not checked: dvc remote modify shared verify true"
    assert list(doctor._remote()) == [("dvc remote", False, f"shared: {advice}")]

    project.dvc("remote", "modify", "shared", "verify", "true")
    assert list(doctor._remote()) == [("dvc remote", True, "shared: files are checked")]


def test_what_somebody_else_has_left_is_not_said_to_be_written(tmp_path, monkeypatch):
    left = tmp_path / ".out.abc.partial"
    assert doctor._state(left) == (True, f"{left} was left by a kill, and is removed")

    left.mkdir()
    assert doctor._state(left) == (True, f"{left} is being written")

    monkeypatch.setattr("os.access", lambda *_: False)
    is_well, said = doctor._state(left)
    assert (is_well, said.endswith("give all to who runs (chown)")) == (False, True)
