"""Git, by its own command."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

# The branches of runs are Airflow's; nobody's hooks or keys are asked for them.
OURS = (
    *("-c", "user.name=Airflow", "-c", "user.email=airflow@localhost"),
    *("-c", "core.hooksPath=/dev/null", "-c", "commit.gpgSign=false"),
)
LIMIT_S = 300  # a server that does not answer


def git(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> str:
    """Runs one command of git's and gives what it says, without the line break at the end.

    Raises:
        subprocess.CalledProcessError: It failed.
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
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=True,
    )
    return done.stdout.rstrip("\n")
