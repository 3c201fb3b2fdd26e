"""The folder that holds all of a cluster: its ports, its secrets, its data."""

import fcntl
import json
import os
import secrets
import shutil
import socket
from base64 import urlsafe_b64encode
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from components.base.errors import Stop

PORTS = ("postgres", "redis", "storage", "mlflow", "airflow", "logs")
DATABASES = ("airflow", "celery", "mlflow", "optuna")
"""Each has a user of its name, who may enter no other: workers know those of two."""
SECRETS = ("postgres", *DATABASES, "redis", "storage", "jwt", "logs", "admin")
MARK = "ports.json"


@dataclass(frozen=True)
class State:
    """What the parts of a cluster know of each other."""

    home: Path
    ports: dict[str, int]
    secrets: dict[str, str]

    def url(self, service: str) -> str:
        """The address of one of the parts that speak HTTP."""
        return f"http://127.0.0.1:{self.ports[service]}"

    def database(self, name: str) -> str:
        """The address of a database, as SQLAlchemy writes it; the password is in it."""
        password, port = self.secrets[name], self.ports["postgres"]
        return f"postgresql+psycopg2://{name}:{password}@127.0.0.1:{port}/{name}"


def fresh(home: Path, alive: ExitStack) -> State:
    """Empties the folder of an earlier cluster, or makes one, and writes ports and secrets to it.

    It starts anew each time because the storage keeps what it has in memory: databases that
    remember files which are gone would be worse than none.

    Args:
        home: The folder.
        alive: Holds the folder's lock until it is closed.

    Raises:
        Stop: A cluster runs there, or something else lies there.
    """
    home.mkdir(parents=True, exist_ok=True)
    lock = alive.enter_context((home / "lock").open("a"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Stop(f"{home}: a cluster runs here; end it with Ctrl-C where it runs") from None
    others = [path for path in home.iterdir() if path.name != "lock"]
    if others and not (home / MARK).exists():
        raise Stop(f"{home}: holds something else; set CLUSTER_HOME to a folder of its own")
    for path in others:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    state = State(home, _free_ports(), _secrets())
    write(home / MARK, json.dumps(state.ports, indent=2), 0o644)
    write(home / "secrets.json", json.dumps(state.secrets, indent=2))
    return state


def load(home: Path) -> State:
    """The state of a cluster that runs, for its user."""
    ports, given = (json.loads((home / name).read_text()) for name in (MARK, "secrets.json"))
    return State(home, ports, given)


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    """Writes a file that never was readable to others."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
        file.write(text)
    return path


def _free_ports() -> dict[str, int]:
    """All held at once while they are chosen: none is given twice."""
    with ExitStack() as held:
        sockets = {name: held.enter_context(socket.socket()) for name in PORTS}
        for one in sockets.values():
            one.bind(("127.0.0.1", 0))
        return {name: one.getsockname()[1] for name, one in sockets.items()}


def _secrets() -> dict[str, str]:
    made = {name: secrets.token_hex(32) for name in SECRETS}
    return {
        **made,
        "admin": secrets.token_urlsafe(16),  # the one that is typed
        "fernet": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    }
