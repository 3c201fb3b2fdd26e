"""Run Airflow on this machine alone, as `airflow standalone` does; its home is `.airflow`.

The page is on 127.0.0.1, port 8080 or $PORT, and asks for no password. Ctrl-C ends all of it.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from components.base.errors import Invalid  # noqa: E402
from components.config.document import Document  # noqa: E402
from components.config.pipeline import load  # noqa: E402

# What `airflow standalone` starts, less the servers that hand the logs to other machines: these
# listen on every address, and on one machine the page reads the files itself.
PARTS = (
    ("api-server",),
    ("scheduler", "--skip-serve-logs"),
    ("dag-processor",),
    ("triggerer", "--skip-serve-logs"),
)


def environment(port: str) -> dict[str, str]:
    """Airflow's settings; what the user has set in the environment stays."""
    address = f"http://127.0.0.1:{port}"
    settings = {
        "AIRFLOW_HOME": str(ROOT / ".airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        # Each slot is an idle process of 100 MB; the default is 32 of them.
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "30",
        # All three: with another port alone, the workers still call 8080.
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": port,
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(64),
    }
    return {**settings, **os.environ}


def pools() -> set[str]:
    """The pools that the active pipelines name."""
    found = set()
    for name in Document(ROOT / "params.yaml").data["pipelines"]:
        try:
            found |= set(load(ROOT / "pipelines" / f"{name}.yaml").airflow.pools.values())
        except Invalid as error:
            sys.stderr.write(f"{error}\n")  # its DAG says so as well
    return found - {"default_pool"}


def airflow(*arguments: str, env: dict[str, str]) -> str:
    """Runs one command of Airflow's and gives its output."""
    command = [sys.executable, "-m", "airflow", *arguments]
    done = subprocess.run(  # noqa: S603  our own arguments
        command, env=env, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def main() -> int:
    """Prepares the database and the pools, and runs until it is told to stop."""
    env = environment(os.environ.get("PORT", "8080"))
    airflow("db", "migrate", env=env)
    there = {pool["pool"] for pool in json.loads(airflow("pools", "list", "-o", "json", env=env))}
    for pool in sorted(pools() - there):
        airflow("pools", "set", pool, "1", "made for the pipelines", env=env)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # A shell's background job ignores SIGINT, and so would its children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    processes = [
        subprocess.Popen([sys.executable, "-m", "airflow", *part], env=env)  # noqa: S603  ours
        for part in PARTS
    ]
    sys.stdout.write(f"Airflow is starting on {env['AIRFLOW__API__BASE_URL']}; Ctrl-C ends it\n")
    try:
        while all(process.poll() is None for process in processes):
            time.sleep(1)
    except KeyboardInterrupt:
        sys.stdout.write("stopping Airflow\n")
    finally:
        for process in processes:
            process.send_signal(signal.SIGINT)
        status = max(process.wait() for process in processes)
    return status


if __name__ == "__main__":
    sys.exit(main())
