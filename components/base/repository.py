"""The git repository of a project: what is committed, and what is not."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from components.base.errors import Stop


@dataclass(frozen=True)
class Head:
    """What is checked out."""

    commit: str
    branch: str | None
    """None where HEAD is detached."""

    @property
    def short(self) -> str:
        """The commit, as people write it."""
        return self.commit[:7]

    @property
    def shown(self) -> str:
        """The commit and its branch, for people."""
        where = f"branch {self.branch}" if self.branch else "no branch: HEAD is detached"
        return f"commit {self.short} ({where})"


def head(root: Path) -> Head:
    """What is checked out in a folder.

    Raises:
        Stop: It is no repository, or has no commit, or git refuses; then the message is its own.
    """
    looked = _git(root, "rev-parse", "--git-dir")
    if looked.returncode:
        is_none = "not a git repository" in looked.stderr
        nothing = "no repository: DVC needs one, and MLflow names no commit"
        raise Stop(nothing if is_none else looked.stderr.strip())
    found = commit_of(root, "HEAD")
    if found is None:
        raise Stop("no commit yet: Airflow runs only commits; git add and git commit")
    named = _git(root, "symbolic-ref", "--quiet", "--short", "HEAD")
    return Head(found, named.stdout.strip() or None)


def commit_of(root: Path, name: str) -> str | None:
    """The commit that a branch is at, or HEAD; None where there is none."""
    done = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    return done.stdout.strip() or None


def unseen(root: Path, at: Head) -> str:
    """Which commit Airflow runs, and how much of the folder that is not; empty if nothing is.

    Raises:
        Stop: git refuses; the message is its own.
    """
    done = _git(root, "status", "--porcelain")
    if done.returncode:
        raise Stop(done.stderr.strip())
    count = len(done.stdout.splitlines())
    if not count:
        return ""
    files = (
        "1 file that differs from it is" if count == 1 else f"{count} files that differ from it are"
    )
    return (
        f"Airflow runs commit {at.short}; {files} not seen: commit {'it' if count == 1 else 'them'}"
    )


def _git(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Without the lock that `git status` takes to save itself time: a commit may be under way."""
    return subprocess.run(  # noqa: S603  our own arguments
        ["git", *arguments],  # noqa: S607
        cwd=root,
        env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
