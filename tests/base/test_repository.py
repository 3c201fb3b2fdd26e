"""What is committed, and what is not."""

import pytest
from project import IDENTITY

from components.base.errors import Stop
from components.base.repository import Head, _git, commit_of, head, unseen


@pytest.fixture
def root(tmp_path):
    """A repository with one commit of one file."""
    _git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "a").write_text("1")
    commit(tmp_path)
    return tmp_path


def commit(root):
    _git(root, "add", "-A")
    assert _git(root, *IDENTITY, "commit", "-qm", "one").returncode == 0


def test_a_branch_is_named(root):
    found = head(root)

    assert found == Head(_git(root, "rev-parse", "HEAD").stdout.strip(), "main")
    assert found.shown == f"commit {found.commit[:7]} (branch main)"
    assert commit_of(root, "refs/heads/main") == found.commit
    assert commit_of(root, "refs/heads/other") is None


def test_without_a_branch_it_says_so(root):
    _git(root, "checkout", "-q", "--detach")

    assert head(root).shown.endswith("(no branch: HEAD is detached)")


def test_a_clean_tree_is_all_seen(root):
    assert unseen(root, head(root)) == ""


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("a",), "1 file that differs from it is not seen: commit it"),
        (("a", "new"), "2 files that differ from it are not seen: commit them"),
    ],
)
def test_what_is_not_committed_is_counted(root, names, said):
    for name in names:
        (root / name).write_text("2")

    assert unseen(root, head(root)) == f"Airflow runs commit {head(root).short}; {said}"


def test_what_git_itself_refuses_is_said_in_its_words(tmp_path, monkeypatch):
    _git(tmp_path, "init", "-q")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "true")  # what git's own tests set

    with pytest.raises(Stop, match=r"(?s)dubious ownership.*git config --global .*safe.directory"):
        head(tmp_path)


def test_no_repository_and_no_commit_are_told(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(Stop, match=r"^no repository: DVC needs one, and MLflow names no commit$"):
        head(tmp_path)

    _git(tmp_path, "init", "-q")
    with pytest.raises(Stop, match=r"^no commit yet: Airflow runs only commits; git add and git"):
        head(tmp_path)
