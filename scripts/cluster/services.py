"""The services that workers share: databases, queue, storage, tracking. No part of Airflow."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from components.base.errors import Stop
from scripts.cluster.needs import program
from scripts.cluster.state import DATABASES, State, write
from scripts.parts.part import Part

BUCKET = "millrace"


def postgres(state: State) -> Part:
    """PostgreSQL on a data folder of its own, by the user whom it accepts."""
    user = _unprivileged(state.home)
    data = state.home / "postgres"
    data.mkdir(mode=0o700)
    password = write(state.home / "postgres.password", state.secrets["postgres"])
    if user:
        shutil.chown(data, user)
        shutil.chown(password, user)
    subprocess.run(  # noqa: S603  our own arguments
        [
            _found("initdb"), "--pgdata", data, "--username=postgres", "--encoding=UTF8",
            "--locale=C", "--auth=scram-sha-256", f"--pwfile={password}", "--no-sync",
        ],
        check=True, cwd=state.home, stdout=subprocess.DEVNULL,
        user=user, group=user, extra_groups=[] if user else None,
    )  # fmt: skip
    password.unlink()
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(state.ports["postgres"]),
        "unix_socket_directories": "",
        "max_connections": "300",
    }
    options = [f"-c{name}={value}" for name, value in settings.items()]
    return Part(
        "postgres",
        [_found("postgres"), "-D", str(data), *options],
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        well=partial(_databases, state),
        end=signal.SIGINT,  # "fast": it waits for no client
        user=user,
    )


def redis(state: State) -> Part:
    """The queue between the scheduler and the workers, in memory only."""
    settings = (
        f"bind 127.0.0.1\nport {state.ports['redis']}\nrequirepass {state.secrets['redis']}\n"
        f'save ""\ndir "{state.home}"\n'
    )
    file = write(state.home / "redis.conf", settings)
    return Part("redis", [_found("redis-server"), str(file)], os.environ, partial(_ping, state))


def queue(state: State) -> str:
    """Its address, the password in it."""
    return f"redis://:{state.secrets['redis']}@127.0.0.1:{state.ports['redis']}/0"


def storage(state: State) -> Part:
    """A server that speaks S3; for a demonstration, as it keeps all in memory and asks for no key.

    After its own restart it is empty; the bucket is made again.
    """
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1"]
    return Part(
        "storage",
        [*command, "-p", str(state.ports["storage"])],
        os.environ,
        partial(answers, f"{state.url('storage')}/moto-api/"),
        once_well=partial(_make_bucket, state),
    )


def s3(state: State) -> dict[str, str]:
    """The variables that a client of the storage needs; none of them lies in a file of DVC's."""
    return {
        "AWS_ACCESS_KEY_ID": "millrace",
        "AWS_SECRET_ACCESS_KEY": state.secrets["storage"],
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": state.url("storage"),
    }


def tracking(state: State) -> Part:
    """MLflow on PostgreSQL; clients send artifacts to it and never see the storage."""
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1"]
    destination = ["--serve-artifacts", "--artifacts-destination", f"s3://{BUCKET}/mlflow"]
    env = {
        **os.environ,
        **s3(state),
        "MLFLOW_S3_ENDPOINT_URL": state.url("storage"),
        # Not an argument: everyone on this machine can read those.
        "MLFLOW_BACKEND_STORE_URI": state.database("mlflow"),
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    return Part(
        "mlflow",
        [*command, "--port", str(state.ports["mlflow"]), "--workers", "1", *destination],
        env,
        partial(answers, f"{state.url('mlflow')}/health"),
    )


def answers(url: str, headers: Mapping[str, str] | None = None) -> bool:
    """Whether a server answers with success; raises where there is none."""
    request = urllib.request.Request(url, headers=dict(headers or {}))  # noqa: S310  loopback
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
        return bool(answer.status == 200)


def _found(name: str) -> str:
    path = program(name)
    if path is None:
        raise Stop(f"{name} missing; install with: scripts/cluster_packages")
    return path


def _unprivileged(home: Path) -> str | None:
    """Whom PostgreSQL runs as: it refuses root."""
    if os.geteuid() != 0:
        return None
    names = [one.pw_name for one in pwd.getpwall() if one.pw_name in ("postgres", "nobody")]
    user = sorted(names)[-1]
    closed = [path for path in (home, *home.parents) if not path.stat().st_mode & 0o001]
    if closed:
        raise Stop(
            f"{closed[-1]}: PostgreSQL refuses to be root, and {user} may not enter this folder; "
            "set CLUSTER_HOME to another, such as /var/tmp/cluster"
        )
    return user


def _databases(state: State) -> bool:
    """Makes those that are not there, with their users; it is well once all of them are."""
    import psycopg2  # type: ignore[import-untyped]

    server = state.database("postgres").replace("+psycopg2", "")
    connection = psycopg2.connect(server, connect_timeout=5)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database")
            there = {name for (name,) in cursor.fetchall()}
            for name in DATABASES:
                if name not in there:
                    cursor.execute(f"CREATE ROLE {name} LOGIN PASSWORD %s", [state.secrets[name]])
                    cursor.execute(f"CREATE DATABASE {name} OWNER {name}")
                    cursor.execute(f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC")
    finally:
        connection.close()
    return True


def _ping(state: State) -> bool:
    from redis import Redis  # type: ignore[import-not-found,unused-ignore]

    return bool(Redis.from_url(queue(state), socket_timeout=5).ping())


def _make_bucket(state: State) -> None:
    url = f"{state.url('storage')}/{BUCKET}"
    request = urllib.request.Request(url, method="PUT")  # noqa: S310  loopback
    with urllib.request.urlopen(request, timeout=5):  # noqa: S310
        return
