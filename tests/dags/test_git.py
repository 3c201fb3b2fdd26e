"""Git in the folder that it is asked for, and nowhere else."""

import pytest

from dags.git import GitError, git


@pytest.mark.parametrize("name", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"])
def test_what_a_hook_of_gits_has_set_leads_nowhere_else(tmp_path, monkeypatch, name):
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        git(tmp_path / folder, "init", "-q")
        (tmp_path / folder / f"{folder}.txt").touch()
    monkeypatch.setenv(name, str(tmp_path / "there" / (".git" if name == "GIT_DIR" else "")))

    git(tmp_path / "here", "add", "-A")

    assert git(tmp_path / "here", "ls-files") == "here.txt"


def test_what_git_refuses_is_said_in_its_words(tmp_path):
    with pytest.raises(GitError, match=r"^git rev-parse: fatal: not a git repository"):
        git(tmp_path, "rev-parse", "HEAD")
