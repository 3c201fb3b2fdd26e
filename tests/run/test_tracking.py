"""MLflow: a server that is not there, a store, and runs whose process has died."""

import contextlib
import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from functools import partial

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from project import IDENTITY, ROOT
from sqlalchemy.exc import OperationalError

from components.base.errors import Stop, Unavailable
from components.config.overrides import flatten
from components.run import tracking


@pytest.fixture
def silent_server():
    """A server that accepts, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


class RecordedLock(contextlib.nullcontext):
    """A lock that remembers what for."""

    def __init__(self):
        super().__init__()
        self.paths = []

    def __call__(self, path):
        self.paths.append(path)
        return self


def runs(**filters):
    return mlflow.search_runs(search_all_experiments=True, output_format="list", **filters)


def test_a_dead_server_is_named_at_once(mlflow_store):
    mlflow.set_tracking_uri("http://127.0.0.1:9")

    with pytest.raises(Stop) as caught:
        tracking.connect("digits")

    assert str(caught.value) == (
        "MLflow at http://127.0.0.1:9 cannot be used: Connection refused; "
        "start it, or set MLFLOW_TRACKING_URI"
    )


def test_no_thread_of_mlflow_changes_the_environment_while_a_request_reads_it():
    code = "import components\nfrom mlflow.telemetry import client\n"
    code += "print(client.get_telemetry_client())"

    # In the environment of a test, MLflow starts none by itself.
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={}, capture_output=True, text=True, check=True
    )

    assert done.stdout == "None\n"


def test_a_server_that_never_answers_is_named_soon(mlflow_store, silent_server, monkeypatch):
    monkeypatch.setattr(tracking, "PATIENCE_S", 1)
    mlflow.set_tracking_uri(f"http://127.0.0.1:{silent_server}")
    begun = time.monotonic()

    with pytest.raises(Stop) as caught:
        tracking.connect("digits")

    assert str(caught.value) == (
        f"MLflow at http://127.0.0.1:{silent_server} cannot be used: Read timed out; "
        "start it, or set MLFLOW_TRACKING_URI, or give it more than 1 s: "
        "MLFLOW_HTTP_REQUEST_TIMEOUT=60"
    )
    assert time.monotonic() - begun < 30  # by itself, MLflow takes quarters of hours
    assert "MLFLOW_HTTP_REQUEST_TIMEOUT" not in os.environ


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "say who asks: MLFLOW_TRACKING_USERNAME and _PASSWORD, or MLFLOW_TRACKING_TOKEN"),
        (500, "cannot be used: too many 500 error responses; start it, or set MLFLOW_TRACKING_URI"),
    ],
)
def test_a_server_that_says_no_is_named_with_what_to_do(mlflow_store, status, said):
    class No(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(status)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), No) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        mlflow.set_tracking_uri(f"http://127.0.0.1:{server.server_port}")
        with pytest.raises(Unavailable) as caught:
            tracking.connect("digits")
        server.shutdown()

    assert str(caught.value).endswith(said)


def test_two_that_make_the_store_at_once_wait_for_each_other(mlflow_store, monkeypatch):
    monkeypatch.setattr(tracking, "FileLock", waiting := RecordedLock())

    tracking.connect("digits")

    assert waiting.paths == [f"{mlflow_store}/mlflow.db.lock"]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_who_may_write_the_store_follows_from_the_umask(mlflow_store, umask, mode):
    os.unlink(tracking.store_file())  # the fixture's is a copy
    before = os.umask(umask)
    try:
        tracking.connect("pets")
    finally:
        os.umask(before)

    assert os.stat(tracking.store_file()).st_mode & 0o777 == mode


def test_a_store_of_somebody_else_is_named_in_a_word(mlflow_store, monkeypatch):
    client = tracking.connect("pets")
    error = OperationalError("INSERT", {}, Exception("attempt to write a readonly database"))
    text = f"(raised as a result of Query-invoked autoflush)\n{error}"
    refuse = partial(_raise, MlflowException(text))
    monkeypatch.setattr(client, "create_run", refuse)

    with (
        pytest.raises(Unavailable, match=r"no new run: attempt to write a readonly database$"),
        tracking.start(client, "pets", {}, {}),
    ):
        pass


def _raise(error, *_, **__):
    raise error


def test_a_disk_that_is_full_while_the_store_is_made_leaves_none(mlflow_store, monkeypatch):
    (mlflow_store / "mlflow.db").unlink()

    class Full(MlflowClient):
        def search_experiments(self, *_, **__):
            super().search_experiments()
            raise OperationalError("CREATE TABLE runs", {}, Exception("database or disk is full"))

    with monkeypatch.context() as patch:
        patch.setattr(tracking, "MlflowClient", Full)
        with pytest.raises(Unavailable) as caught:
            tracking.connect("digits")

    assert "database or disk is full" in str(caught.value)
    assert not (mlflow_store / "mlflow.db").exists()
    assert tracking.connect("digits").search_experiments()


@pytest.mark.parametrize("password", ["secret", "p@secret"])
def test_a_password_is_not_shown(mlflow_store, password):
    mlflow.set_tracking_uri(f"http://user:{password}@127.0.0.1:9")

    with pytest.raises(Stop) as caught:
        tracking.connect("digits")

    assert str(caught.value).startswith("MLflow at http://127.0.0.1:9 cannot be used: ")
    assert "secret" not in str(caught.value)


def test_a_run_keeps_the_whole_configuration_and_says_where_it_failed(mlflow_store):
    client = tracking.connect("digits")

    with (
        contextlib.suppress(RuntimeError),
        tracking.start(client, "digits", {"train": {"epochs": 3}}, {"dvc.stage": "train@digits"}),
    ):
        raise RuntimeError("power")

    (run,) = runs()
    assert run.info.status == "FAILED"
    assert run.data.params == {"train.epochs": "3"}
    assert run.data.tags["dvc.stage"] == "train@digits"


def test_a_run_that_is_interrupted_is_killed_and_one_that_ends_is_finished(mlflow_store):
    client = tracking.connect("digits")

    with tracking.start(client, "digits", {}, {}, "ends"):
        pass
    with contextlib.suppress(KeyboardInterrupt), tracking.start(client, "digits", {}, {}, "stops"):
        raise KeyboardInterrupt

    assert {run.info.run_name: run.info.status for run in runs()} == {
        "ends": "FINISHED",
        "stops": "KILLED",
    }


def test_a_deleted_experiment_is_named_before_anything_is_trained(mlflow_store):
    tracking.connect("digits")
    client = MlflowClient()
    number = client.get_experiment_by_name("digits").experiment_id
    client.delete_experiment(number)

    with pytest.raises(Stop) as caught:
        tracking.connect("digits")

    assert str(caught.value) == (
        "MLflow's experiment 'digits' was deleted; bring it back: "
        f"mlflow experiments restore --experiment-id {number}"
    )


def test_a_folder_with_a_space_has_its_lock_beside_the_store(mlflow_store, monkeypatch):
    folder = mlflow_store / "my project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    mlflow.set_tracking_uri(f"sqlite:///{str(folder).replace(' ', '%20')}/mlflow.db")

    assert tracking.store_file() == f"{folder}/mlflow.db"


def test_a_run_whose_process_was_killed_is_ended_by_the_next(mlflow_store):
    code = (
        "import os, signal, mlflow\n"
        "from components.run import tracking\n"
        f"mlflow.set_tracking_uri('sqlite:///{mlflow_store}/mlflow.db')\n"
        "client = tracking.connect('digits')\n"
        "with tracking.start(client, 'digits', {}, {}, 'dies'):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == -signal.SIGKILL
    client = mlflow.MlflowClient()
    assert [run.info.status for run in runs()] == ["RUNNING"]

    with tracking.start(tracking.connect("digits"), "digits", {}, {}, "lives"):
        tracking.connect("digits")  # a living one is left alone
        now = {run.info.run_name: run.info.status for run in runs()}

    assert now == {"dies": "KILLED", "lives": "RUNNING"}
    assert client.search_runs(["1"], "attributes.status = 'RUNNING'") == []


def test_a_run_of_somebody_elses_is_left_alone(mlflow_store):
    client = tracking.connect("digits")
    theirs = client.create_run("1").info.run_id
    odd = client.create_run("1", tags={tracking.OWNER: "not JSON", tracking.HEARTBEAT: "0"})

    tracking.connect("digits")

    assert client.get_run(theirs).info.status == "RUNNING"
    assert client.get_run(odd.info.run_id).info.status == "RUNNING"


def test_a_dirty_tree_is_said_and_kept(mlflow_store, tmp_path):
    (tmp_path / "code.py").write_text("a = 1\n")
    (tmp_path / "dvc.lock").write_text("old\n")
    (tmp_path / ".gitignore").write_text("mlflow.db*\nmlruns\n")
    for command in (["init", "-q"], ["add", "-A"], [*IDENTITY, "commit", "-qm", "start"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    client = tracking.connect("digits")

    (tmp_path / "dvc.lock").write_text("DVC writes it while the stages run\n")
    with tracking.start(client, "digits", {}, {}) as clean:
        pass
    (tmp_path / "code.py").write_text("a = 2\n")
    (tmp_path / "more.py").write_text("")
    with tracking.start(client, "digits", {}, {}) as dirty:
        pass

    assert tracking.DIRTY not in client.get_run(clean.run_id).data.tags
    assert client.get_run(dirty.run_id).data.tags[tracking.DIRTY] == "true"
    difference = mlflow.artifacts.load_text(f"runs:/{dirty.run_id}/git.diff")
    assert "+a = 2" in difference
    assert "?? more.py" in difference
    assert client.list_artifacts(clean.run_id) == []


@pytest.mark.parametrize(
    ("limit", "kept"),
    [(8, "diffdiff"), (7, "diffdif\n(cut off after 7 characters)\n")],
)
def test_a_long_difference_is_cut_off(monkeypatch, limit, kept):
    monkeypatch.setattr(tracking, "_git", lambda *_: "diff")
    monkeypatch.setattr(tracking, "DIFFERENCE_BYTES", limit)

    assert tracking._difference() == kept


def test_learning_curves_are_written_again_as_they_were(mlflow_store):
    client = tracking.connect("digits")
    run_id = tracking.create(client, "digits", {}, {})

    tracking.log_history(client, run_id, {"loss": [2.0, None, 1.0]})

    values = [one.value for one in client.get_metric_history(run_id, "loss")]
    assert (values[0], values[2]) == (2.0, 1.0)


def test_more_parameters_than_a_request_takes_are_all_written(mlflow_store):
    client = tracking.connect("digits")

    run_id = tracking.create(client, "digits", {f"p{place}": place for place in range(250)}, {})

    assert len(client.get_run(run_id).data.params) == 250


def test_a_column_may_have_any_name(mlflow_store):
    client = tracking.connect("iris")
    names = ("width (cm)", "a/b", "../c", "größe", "50 %", "x" * 300)

    run_id = tracking.create(client, "iris", {name: place for place, name in enumerate(names)}, {})

    kept = client.get_run(run_id).data.params
    expected = ("width _cm_", "a_b", "_._c", "größe", "50 _", "x" * 250)
    assert kept == {name: str(place) for place, name in enumerate(expected)}


def test_a_run_whose_parameters_are_refused_is_not_left_running(mlflow_store, monkeypatch):
    client = tracking.connect("digits")

    def refuse(*_: object, **__: object) -> None:
        raise MlflowException("no")

    monkeypatch.setattr(client, "log_batch", refuse)
    with pytest.raises(MlflowException):
        tracking.create(client, "digits", {"a": 1}, {})

    assert [run.info.status for run in runs()] == ["FAILED"]


def test_nested_values_become_dotted_keys():
    values = {"a": {"b": 1, "c": [1, 2], "d": [{"e": None}]}, "f": {}}

    assert dict(flatten(values)) == {"a.b": "1", "a.c": "[1, 2]", "a.d.0.e": "None", "f": "{}"}
