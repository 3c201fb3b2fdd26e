"""The repository that all workers share as `origin`."""

import subprocess
from pathlib import Path

BRANCH = "main"


def share(project: Path, home: Path) -> str:
    """Makes a bare repository of the project's last commit, and gives its address.

    What the project has not committed does not run.
    """
    bare = home / "repository.git"
    address = bare.as_uri()
    _git("init", "--quiet", "--bare", f"--initial-branch={BRANCH}", str(bare), cwd=home)
    # A checkout of CI has no history, and git refuses to push such a one by default.
    _git("config", "receive.shallowUpdate", "true", cwd=bare)
    _git("push", "--quiet", address, f"HEAD:refs/heads/{BRANCH}", cwd=project)
    return address


def is_dirty(project: Path) -> bool:
    """Whether there is something that is not committed."""
    return bool(_git("status", "--porcelain", cwd=project))


def _git(*arguments: str, cwd: Path) -> str:
    done = subprocess.run(  # noqa: S603  our own arguments
        ["git", *arguments],  # noqa: S607
        cwd=cwd, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return done.stdout
