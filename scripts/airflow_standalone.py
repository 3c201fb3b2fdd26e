"""Run Airflow on this machine alone; its home is `.airflow`. `make airflow` starts this.

    PORT=8081 DEMO=1 make airflow

The page is on 127.0.0.1, port 8080 or $PORT, with a password, which DEMO=1 turns off. What it runs
is what is committed on the branch that is checked out. Ctrl-C ends all of it.
"""

import fcntl
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from components.base.errors import Stop  # noqa: E402
from components.base.repository import Head, head, unseen  # noqa: E402
from scripts.parts.processes import ENDS, guarded  # noqa: E402
from scripts.parts.supervisor import Supervisor, say  # noqa: E402
from scripts.standalone import keys, settings  # noqa: E402
from scripts.standalone.following import Following  # noqa: E402
from scripts.standalone.plan import AIRFLOW, waves  # noqa: E402


def main(project: Path) -> int:
    """Prepares the database, and runs until it is told to stop."""
    at = head(project)
    env = settings.environment(project, at, os.environ)
    folder = keys.private(placed(Path(env["AIRFLOW_HOME"])))
    address = env["AIRFLOW__API__BASE_URL"]
    with only_one(folder / "lock", address):
        check_port(env["AIRFLOW__API__HOST"], int(env["AIRFLOW__API__PORT"]))
        keys.keep_secret(folder / settings.JWT)
        access = entry(env)
        logs = fresh(folder / "logs")
        say(f"Airflow is starting; its logs are in {logs}")
        return supervise(
            project, env, at, logs, f"{address}: {access}\n{notes(project, at, folder)}"
        )


def placed(home: Path) -> Path:
    """Airflow's folder.

    Raises:
        Stop: Airflow takes a `%` in its path for a reference to a setting, and finds no database.
    """
    if "%" in str(home):
        raise Stop(f"{home}: Airflow cannot live below a name with '%'; set AIRFLOW_HOME elsewhere")
    return home


def supervise(project: Path, env: Mapping[str, str], at: Head, logs: Path, welcome: str) -> int:
    """Runs the parts until a signal."""
    for number in ENDS:  # a shell's background job ignores SIGINT, and so would its children
        signal.signal(number, signal.default_int_handler)
    supervisor = Supervisor(waves(env, partial(migrate, env, logs / "migrate.log")), logs)
    following = Following(project, env, at, supervisor.once)
    try:
        supervisor.run(partial(begin, following, welcome), following.look)
    except KeyboardInterrupt:
        say("stopping Airflow")
        return 0
    finally:
        for number in ENDS:
            signal.signal(number, signal.SIG_IGN)
        supervisor.end()


def begin(following: Following, welcome: str) -> None:
    """What is done as soon as Airflow answers."""
    say(welcome)
    following.make_pools()


def migrate(env: Mapping[str, str], log: Path) -> None:
    """Makes Airflow's database, or brings it to this version."""
    with log.open("wb") as output:
        done = subprocess.run(  # noqa: S603  our own arguments
            [*AIRFLOW, "db", "migrate"], env=env, stdout=output, stderr=output, check=False
        )
    if done.returncode:
        raise Stop(f"Airflow's database cannot be brought up to date; see {log}")


@contextmanager
def only_one(file: Path, address: str) -> Iterator[None]:
    """Two schedulers on one database would run every task twice.

    Raises:
        Stop: Another process holds the lock.
    """
    with file.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise Stop(f"Airflow runs in this project already: {lock.read().strip()}") from None
        lock.truncate(0)
        lock.write(f"{address}, process {os.getpid()}")
        lock.flush()
        yield


def check_port(host: str, port: int) -> None:
    """Another server on this port would be taken for Airflow's own.

    Raises:
        Stop: Something listens there.
    """
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((host, port))
        except OSError as error:
            raise Stop(
                f"port {port} of {host} cannot be had: {error.strerror}; "
                "take another: PORT=8081 make airflow"
            ) from None


def entry(env: Mapping[str, str]) -> str:
    """How to get in; the password is shown when it is made, and not again."""
    if env[settings.DEMO].lower() in ("true", "1", "t"):
        return "DEMO=1: no password, every program of this machine is admin"
    file = Path(env[settings.PASSWORDS])
    password = keys.keep_password(file)
    if password is None:
        return f"user {keys.USER}, with the password in {file}"
    return f"user {keys.USER}, password {password} (shown this once; it is kept in {file})"


def notes(project: Path, at: Head, home: Path) -> str:
    """What is run, and what to do first."""
    return "\n".join(
        (
            unseen(project, at) or f"Airflow runs {at.shown}",
            "DAGs come within a minute, paused: switch them on at the page, or "
            f"AIRFLOW_HOME={home} airflow dags unpause NAME",
            "Ctrl-C ends it",
        )
    )


def fresh(folder: Path) -> Path:
    """The folder of logs; those of the last time are kept beside, with `.1`."""
    folder.mkdir(exist_ok=True)
    for log in folder.glob("*.log"):
        log.replace(log.with_suffix(".log.1"))
    return folder


def guarded_main() -> int:
    """`main`, with a message instead of a traceback for what is the user's."""
    try:
        return main(Path.cwd())
    except Stop as error:
        say(str(error), sys.stderr)
        return error.status


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(guarded(guarded_main))
