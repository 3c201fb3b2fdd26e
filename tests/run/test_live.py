"""What goes to MLflow while a run lasts: beside the work, in few requests, whatever it answers."""

import contextlib
import json
import os
import socket
import threading
import time

import mlflow
import pytest
from mlflow import MlflowClient

from components.run import tracking


def test_a_server_that_died_is_asked_again_ever_more_seldom(monkeypatch):
    now, asked = [0.0], []

    class Dead:
        def log_batch(self, *_, **__):
            asked.append(now[0])
            raise OSError("it is gone")

        set_tag = log_batch

    monkeypatch.setattr(tracking.time, "monotonic", lambda: now[0])
    run = tracking.Live(Dead(), "run")
    for second in range(0, 500, 10):
        now[0] = float(second)
        run.log({"loss": 1.0}, second)
        run._tick()

    assert asked == [10, 80, 210, 460]  # a minute, two, and four, and the next step


def test_more_metrics_than_a_request_takes_are_sent_in_several(mlflow_store):
    client = tracking.connect("digits")
    with tracking.start(client, "digits", {}, {}) as live:
        live.log({f"m{number}": number for number in range(2001)})

    found = client.get_run(live.run_id).data.metrics
    assert len(found) == 2001
    assert found["m2000"] == 2000


def test_metrics_go_in_few_requests_and_none_is_lost(mlflow_store, monkeypatch):
    client = tracking.connect("digits")
    requests = []
    real = client.log_batch

    def counted(run_id, metrics=(), **more):
        requests.append(len(metrics))
        return real(run_id, metrics=metrics, **more)

    with tracking.start(client, "digits", {}, {}) as live:
        monkeypatch.setattr(client, "log_batch", counted)
        for epoch in range(300):
            live.log({"loss": 1.0 / (epoch + 1), "val_loss": 2.0}, step=epoch)

    assert len(requests) < 30
    assert sum(requests) == 600
    history = client.get_metric_history(live.run_id, "loss")
    assert [one.step for one in history] == list(range(300))
    assert history[-1].value == 1.0 / 300


def test_curves_are_seen_while_a_training_runs(mlflow_store, monkeypatch):
    monkeypatch.setattr(tracking, "FLUSH_S", 0.05)
    client = tracking.connect("digits")

    with tracking.start(client, "digits", {}, {}) as live:
        live.log({"loss": 0.5})
        for _ in range(100):
            if seen := client.get_run(live.run_id).data.metrics:
                break
            time.sleep(0.05)

    assert seen == {"loss": 0.5}


def test_a_server_that_is_slow_holds_up_nothing(mlflow_store, monkeypatch):
    monkeypatch.setattr(tracking, "FLUSH_S", 0.01)
    client = tracking.connect("digits")
    real, is_asked, may_answer = client.log_batch, threading.Event(), threading.Event()

    def slow(*given, **more):
        is_asked.set()
        assert may_answer.wait(60)
        real(*given, **more)

    with tracking.start(client, "digits", {}, {}) as live:
        monkeypatch.setattr(client, "log_batch", slow)
        live.log({"loss": 0.5}, step=0)
        assert is_asked.wait(60)
        live.log({"loss": 0.25}, step=1)  # is back at once
        may_answer.set()

    history = client.get_metric_history(live.run_id, "loss")
    assert [(one.step, one.value) for one in history] == [(0, 0.5), (1, 0.25)]


def test_whatever_a_client_raises_costs_its_records_and_not_the_work(capsys):
    class Odd:
        calls = 0

        def log_batch(self, *_, **__):
            self.calls += 1
            raise ValueError("no such message")

        set_tag = set_terminated = log_batch

    run = tracking.Live(odd := Odd(), "run")
    with run:
        run.log({"loss": 1.0})
        run._tick()

    assert odd.calls >= 2
    assert capsys.readouterr().err.count("no such message") == 1


def test_after_an_answer_a_server_is_asked_as_before(monkeypatch):
    now, asked = [0.0], []

    class Shaky:
        def log_batch(self, *_, **__):
            asked.append(now[0])
            if len(asked) in (1, 3):
                raise OSError("it is gone")

        def set_tag(self, *_):
            pass

    monkeypatch.setattr(tracking.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(tracking, "BEAT_S", 1e9)
    run = tracking.Live(Shaky(), "run")
    for second in range(0, 300, 10):
        now[0] = float(second)
        run.log({"loss": 1.0}, second)
        run._tick()

    assert asked[:5] == [10, 80, 90, 160, 170]  # a minute's pause, both times


def test_a_metric_may_have_a_name_that_mlflow_does_not_take(mlflow_store):
    client = tracking.connect("digits")

    with tracking.start(client, "digits", {}, {}) as live:
        live.log({"recall@0.5": 0.5, "layers/dead_most": 0.0})
        live.log({"loss": 1.0})

    found = client.get_run(live.run_id).data.metrics
    assert found == {"recall_0.5": 0.5, "layers/dead_most": 0.0, "loss": 1.0}


def test_a_server_that_dies_costs_its_records_and_not_the_work(mlflow_store, monkeypatch, capsys):
    client = tracking.connect("digits")
    real, lost = client.log_batch, []

    def refusing(run_id, metrics=(), **more):
        if len(lost) < 3:
            lost.append(len(metrics))
            raise mlflow.MlflowException("Connection refused")
        return real(run_id, metrics=metrics, **more)

    with tracking.start(client, "digits", {}, {}) as live:
        monkeypatch.setattr(client, "log_batch", refusing)
        for epoch in range(4):
            live.log({"loss": float(epoch)}, step=epoch)
            live.flush()

    assert lost == [1, 2, 3]
    assert len(client.get_metric_history(live.run_id, "loss")) == 4
    said = capsys.readouterr().err
    assert said == "MLflow does not take what is recorded: Connection refused\n"


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", None])
def test_a_server_that_stops_answering_is_asked_seldom(mlflow_store, monkeypatch, capsys, answer):
    """One that closes each connection, one that says 503, one that takes it and says nothing."""
    monkeypatch.setattr(tracking, "PATIENCE_S", 1)
    monkeypatch.setattr(tracking, "FLUSH_S", 0.01)
    asked = []

    def serve(server):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                asked.append(connection)
                if answer is not None:
                    connection.recv(65536)
                    connection.sendall(answer)
                    connection.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, args=[server], daemon=True).start()
        address = f"127.0.0.1:{server.getsockname()[1]}"
        client = MlflowClient(f"http://me:hunter2@{address}")
        with tracking.Live(client, "a" * 32) as live:
            for epoch in range(100):
                live.log({"loss": 1.0}, epoch)
                time.sleep(0.01)
    for connection in asked:
        connection.close()

    assert 1 <= len(asked) <= 4  # once, at the end once more, and that the run has ended
    said = capsys.readouterr().err
    assert said.count("MLflow does not take what is recorded") == 1
    assert "hunter2" not in said


def test_a_run_gives_signs_of_life(mlflow_store, monkeypatch):
    monkeypatch.setattr(tracking, "FLUSH_S", 0.01)
    monkeypatch.setattr(tracking, "BEAT_S", 0.05)
    client = tracking.connect("digits")

    with tracking.start(client, "digits", {}, {}) as live:
        client.set_tag(live.run_id, tracking.HEARTBEAT, "0")
        for _ in range(100):
            beat = client.get_run(live.run_id).data.tags[tracking.HEARTBEAT]
            if beat != "0":
                break
            time.sleep(0.05)

    assert time.time() - float(beat) < 60
    assert not any(thread.name.endswith("(_beat)") for thread in threading.enumerate())
    assert json.loads(client.get_run(live.run_id).data.tags[tracking.OWNER])["pid"] == os.getpid()
