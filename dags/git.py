"""Git, by its own command."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from components.base.guard import signalled

HELD: set[int] = set()
"""Locks of this process, as open files. Every command that it starts keeps them: where it is killed
itself, they hold until the last of its commands has ended."""

# The branches of runs are Airflow's; nobody's hooks or keys are asked for them.
OURS = (
    *("-c", "user.name=Airflow", "-c", "user.email=airflow@localhost"),
    *("-c", "core.hooksPath=/dev/null", "-c", "commit.gpgSign=false"),
    *("-c", "gc.auto=0", "-c", "maintenance.auto=false"),  # works on when the task has ended
)
LIMIT_S = 300  # a server that does not answer


class GitError(subprocess.CalledProcessError):
    """Git says no; the message is its own."""

    def __str__(self) -> str:
        command = [one for one in self.cmd[1 + len(OURS) :] if not one.startswith("-")]
        if self.returncode < 0:
            return f"git {command[0]} was ended by {signalled(self.returncode)}"
        return f"git {command[0]}: {str(self.stderr).strip() or f'status {self.returncode}'}"


def git(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> str:
    """Runs one command of git's and gives what it says, without the line break at the end.

    Raises:
        GitError: It failed.
        subprocess.TimeoutExpired: It took more than five minutes.
    """
    command = ["git", *OURS, *arguments]
    variables = {**(os.environ if env is None else env), "GIT_TERMINAL_PROMPT": "0"}
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):  # a hook of git's sets them
        variables.pop(name, None)
    done = subprocess.run(  # noqa: S603  our own arguments
        command,
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
        pass_fds=tuple(HELD),
    )
    if done.returncode:
        raise GitError(done.returncode, command, done.stdout, done.stderr)
    return done.stdout.rstrip("\n")
