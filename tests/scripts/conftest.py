"""What the tests of scripts share."""

import subprocess

import pytest

IDENTITY = ("-c", "user.name=test", "-c", "user.email=test@example.com")


class Repository:
    """A git repository with one commit on the branch main."""

    def __init__(self, root):
        self.root = root
        self.git("init", "-q", "-b", "main")
        self.commit("start")

    def git(self, *arguments):
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit(self, message):
        """Commits everything, and gives the commit."""
        self.git("add", "-A")
        self.git(*IDENTITY, "commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path):
    """Under a name that an address must quote."""
    root = tmp_path / "a project"
    root.mkdir()
    return Repository(root)
