"""`make airflow`, started for real on a small project; and what of it is killed."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, suppress

import psutil
import pytest
from project import ROOT

DAG = """
from airflow.sdk import DAG

with DAG("small", schedule=None):
    pass
"""
PIPELINE = (ROOT / "pipelines" / "digits.yaml").read_text()
LIMIT_S = 240  # on a machine where it never comes; 25 s are usual


class Airflow:
    """A project, and its Airflow on a free port."""

    def __init__(self, repository):
        self.repository, self.root = repository, repository.root
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self.port = one.getsockname()[1]
        kept = {key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW")}
        self.env = {**kept, "PORT": str(self.port)}
        self.command = [sys.executable, "scripts/airflow_standalone.py"]

    def write(self):
        for part in ("components", "scripts"):
            shutil.copytree(ROOT / part, self.root / part)
        for name, text in (
            ("dags/small.py", DAG),
            ("pipelines/digits.yaml", PIPELINE),
            ("params.yaml", "pipelines:\n  - digits\n"),
            (".gitignore", "__pycache__/\n/.airflow/\n"),
        ):
            (self.root / name).parent.mkdir(exist_ok=True)
            (self.root / name).write_text(text)
        self.repository.commit("a project")

    def start(self):
        with self.said.open("w") as file:
            return subprocess.Popen(
                self.command, cwd=self.root, env=self.env, stdout=file, stderr=file
            )

    @property
    def said(self):
        return self.root / ".airflow.txt"

    def ask(self, method, path, body=None, host="127.0.0.1", **headers):
        """The status, and the value of the JSON where it is some."""
        headers = {"Host": host, "Content-Type": "application/json", **headers}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT_S)
        with closing(connection):
            connection.request(method, path, body and json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
        is_json = "json" in answer.headers.get("Content-Type", "")
        return answer.status, json.loads(text) if is_json else None

    def token(self):
        password = json.loads((self.root / ".airflow/passwords.json").read_text())["admin"]
        body = {"username": "admin", "password": password}
        return self.ask("POST", "/auth/token", body)[1]["access_token"]

    def until(self, what):
        begun = time.monotonic()
        while not (found := what()):
            is_there = self.guard.is_running() and self.guard.status() != psutil.STATUS_ZOMBIE
            assert is_there, self.said.read_text()
            assert time.monotonic() - begun < LIMIT_S, self.said.read_text()
            time.sleep(0.5)
        return found


@pytest.fixture
def airflow(repository):
    made = Airflow(repository)
    made.write()
    with made.start() as process:
        made.process, made.guard = process, psutil.Process(process.pid)
        made.until(lambda: "DAGs come within a minute" in made.said.read_text())
        yield made
        process.send_signal(signal.SIGTERM)


def one_below(process, word):
    """The child whose command has a word; None where there is none."""
    for one in process.children():
        with suppress(psutil.Error):  # it has just ended
            if word in " ".join(one.cmdline()):
                return one
    return None


def test_it_asks_for_a_password_and_outlives_a_kill_of_its_parts(airflow):
    assert airflow.ask("GET", "/api/v2/dags")[0] == 401
    headers = {"Authorization": f"Bearer {airflow.token()}"}
    assert airflow.ask("GET", "/api/v2/dags", **headers)[0] == 200
    for path in ("/", "/api/v2/dags", "/execution/health"):
        assert airflow.ask("GET", path, host="evil.example", **headers)[0] == 400
    assert airflow.ask("GET", "/execution/health")[0] == 200

    file = airflow.root / "pipelines" / "digits.yaml"
    file.write_text(PIPELINE.replace("{train: gpu}", "{train: '-h; $(x)'}"))
    airflow.repository.commit("another pool")

    def pools():
        return {one["name"] for one in airflow.ask("GET", "/api/v2/pools", **headers)[1]["pools"]}

    again = subprocess.run(
        airflow.command, cwd=airflow.root, env=airflow.env, capture_output=True, text=True
    )
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr.startswith(
        f"Airflow runs in this project already: http://127.0.0.1:{airflow.port}, process "
    )

    (supervisor,) = airflow.guard.children()
    scheduler = airflow.until(lambda: one_below(supervisor, "scheduler"))
    workers = airflow.until(lambda: scheduler.children(recursive=True))
    scheduler.kill()
    airflow.until(lambda: one_below(supervisor, "scheduler") not in (None, scheduler))
    assert [one for one in workers if one.is_running()] == []
    assert (
        "scheduler was ended by signal 9 (SIGKILL); it is started again in 1 s"
        in airflow.said.read_text()
    )

    airflow.until(lambda: pools() == {"default_pool", "gpu", "-h; $(x)"})

    everything = supervisor.children(recursive=True)
    supervisor.kill()
    airflow.process.wait()
    assert [one for one in everything if one.is_running()] == []
    assert with_home(airflow.root / ".airflow") == []


def with_home(folder):
    """Every process whose environment has this Airflow's folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("AIRFLOW_HOME") == str(folder):
                found.append(process)
        except psutil.Error:  # another user's, or gone
            continue
    return found
