"""Run all that a cluster has on this machine alone, two workers with nothing in common.

    python -m scripts.cluster [--workers 2] [--project FOLDER]

Everything listens on 127.0.0.1 (a worker's logs on 127.0.0.2 and so on), at ports that were free,
and lies in one folder, `.cluster` or $CLUSTER_HOME, which each start empties. Ctrl-C ends all of
it.
"""

import argparse
import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from components.base.errors import Stop
from scripts.cluster import airflow, needs, repository, services
from scripts.cluster.state import State, fresh
from scripts.parts.part import Wave
from scripts.parts.processes import ENDS, guarded
from scripts.parts.supervisor import Supervisor, say

ROOT = Path(__file__).resolve().parent.parent.parent


def main() -> int:
    """Checks for what it needs, and runs until it is told to stop."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, choices=range(1, 9), default=2)
    parser.add_argument("--project", type=Path, default=ROOT, help="whose last commit is run")
    args = parser.parse_args()
    if missing := needs.missing():
        sys.exit(missing)
    home = Path(os.environ.get("CLUSTER_HOME", ROOT / ".cluster")).resolve()
    return guarded(lambda: run(home, args.project.resolve(), args.workers))


def run(home: Path, project: Path, workers: int) -> int:
    """Starts everything, and ends it on Ctrl-C or a TERM signal; the exit status."""
    for number in ENDS:  # a shell's background job ignores SIGINT, and so would its children
        signal.signal(number, signal.default_int_handler)
    try:
        with ExitStack() as alive:
            keep_up(fresh(home, alive), project, workers)
    except Stop as error:
        say(str(error), sys.stderr)
        return error.status
    except subprocess.CalledProcessError as error:
        command = " ".join(map(str, error.cmd[:4]))
        say(f"{command} failed; see {home / 'logs'}", sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def keep_up(state: State, project: Path, workers: int) -> None:
    """Starts all parts, tells where they are, and holds them up until it is interrupted."""
    logs = state.home / "logs"
    logs.mkdir(mode=0o700)
    supervisor = Supervisor(plan(state, project, workers), logs)
    try:
        supervisor.run(ready=lambda: say(words(state)))
    finally:
        for number in ENDS:
            signal.signal(number, signal.SIG_IGN)  # it is ending
        say("ending the cluster")
        supervisor.end()


def plan(state: State, project: Path, workers: int) -> list[Wave]:
    """All parts in the order in which they start."""
    if repository.is_dirty(project):
        say("not committed, so not run: see git status")
    origin = repository.share(project, state.home)
    first = Wave([services.postgres(state), services.redis(state), services.storage(state)])
    second = Wave([services.tracking(state)])
    return [first, second, *airflow.waves(state, origin, workers)]


def words(state: State) -> str:
    """What the user is told once all is well; the only place that shows the password."""
    return (
        f"Airflow     {state.url('airflow')}  user admin, password {state.secrets['admin']}\n"
        f"MLflow      {state.url('mlflow')}\n"
        f"S3          {state.url('storage')}  bucket {services.BUCKET}, in memory\n"
        f"repository  {state.home / 'repository.git'}  what is pushed to "
        f"{repository.BRANCH} runs\n"
        f"logs        {state.home / 'logs'}\n"
        "Ctrl-C ends all of it"
    )


if __name__ == "__main__":
    sys.exit(main())
