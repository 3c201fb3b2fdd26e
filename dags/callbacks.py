"""What happens when a run has failed: people are told, and MLflow runs are ended."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from dags.lines import Line
from dags.settings import of_stage, settings

LIMIT_S = 30
Callback = Callable[[Any], Any]


def callbacks(line: Line, root: Path) -> list[Callback]:
    """Of a line, in the order in which they are called."""
    found: list[Callback] = []
    if line.file:
        found.append(partial(end_runs, line.name, root))
    if address := (line.airflow.get("webhook") or {}).get("on_failure"):
        found.append(partial(call, address))
    if to := (line.airflow.get("email") or {}).get("on_failure"):
        from airflow.providers.smtp.notifications.smtp import SmtpNotifier

        found.append(SmtpNotifier(to=list(to)))
    return found


def end_runs(name: str, root: Path, _: Any = None) -> None:
    """Ends the MLflow runs of a pipeline whose processes are dead, as KILLED."""
    tools = Path(sys.executable).parent
    env = of_stage(tools, MLFLOW_TRACKING_URI=settings(root).tracking)
    with suppress(subprocess.SubprocessError, OSError):  # the next run does it
        subprocess.run(  # noqa: S603  our own arguments
            [sys.executable, "-m", "components.run.ended", name],
            cwd=root,
            env=env,
            timeout=LIMIT_S,
            check=False,
        )


def call(variable: str, context: Any) -> None:
    """Posts what has failed, as JSON, to the address in a variable of the environment.

    Raises:
        OSError: Nobody takes it; Airflow logs that.
        KeyError: The variable is not set.
    """
    run = context["dag_run"]
    body = {
        "dag": run.dag_id,
        "run": run.run_id,
        "reason": context.get("reason"),
    }
    request = urllib.request.Request(  # noqa: S310  checked below
        os.environ[variable],
        data=json.dumps(body, default=str).encode(),
        headers={"Content-Type": "application/json"},
    )
    if request.type not in ("http", "https"):
        raise ValueError(f"{variable}: must be an address that begins with http")
    with urllib.request.urlopen(request, timeout=LIMIT_S):  # noqa: S310
        return
