"""Airflow's parts on one machine, the API server first: all others report to it."""

import http.client
import json
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial

from scripts.parts.part import Part, Wave

AIRFLOW = (sys.executable, "-m", "airflow")
API = "api-server"
# What `airflow standalone` starts, less the servers that hand the logs to other machines: these
# listen on every address, and on one machine the page reads the files itself.
OTHERS = {
    "scheduler": ("--skip-serve-logs",),
    "dag-processor": (),
    "triggerer": ("--skip-serve-logs",),
}


def waves(env: Mapping[str, str], before: Callable[[], None]) -> list[Wave]:
    """All parts in the order in which they start.

    Args:
        env: Airflow's settings.
        before: Done first of all.
    """
    host, port = env["AIRFLOW__API__HOST"], int(env["AIRFLOW__API__PORT"])
    page = Part(API, (*AIRFLOW, API), env, partial(is_healthy, host, port))
    others = [Part(name, (*AIRFLOW, name, *more), env) for name, more in OTHERS.items()]
    return [Wave([page], before), Wave(others)]


def is_healthy(host: str, port: int) -> bool:
    """Whether the API server answers, and reaches its database."""
    with suppress(OSError, http.client.HTTPException, ValueError, KeyError):
        connection = http.client.HTTPConnection(host, port, timeout=5)
        try:
            connection.request("GET", "/api/v2/monitor/health")
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return bool(answer["metadatabase"]["status"] == "healthy")
    return False
