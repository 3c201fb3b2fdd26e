"""People and addresses are told of a run that has failed."""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from types import SimpleNamespace
from urllib.error import HTTPError, URLError

import pytest

from dags.callbacks import call, callbacks
from dags.lines import Line

CONTEXT = {
    "dag_run": SimpleNamespace(dag_id="digits", run_id='manual__"1" {{ 1 }}'),
    "reason": "task_failure",
}


class Server(HTTPServer):
    """Keeps what is posted, and answers with a status."""

    status = 200

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.posted = []


class Answer(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted.append((self.path, self.headers["Content-Type"], json.loads(body)))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_):
        """Says nothing."""


@pytest.fixture
def server(monkeypatch):
    with Server() as made:
        thread = Thread(target=made.serve_forever)
        thread.start()
        monkeypatch.setenv("ALERT", f"http://127.0.0.1:{made.server_port}/hook?key=secret")
        yield made
        made.shutdown()
        thread.join()


def test_the_address_of_the_environment_is_told_what_has_failed(server):
    (told,) = callbacks(Line("digits", airflow={"webhook": {"on_failure": "ALERT"}}), None)

    told(CONTEXT)

    run = {"dag": "digits", "run": 'manual__"1" {{ 1 }}', "reason": "task_failure"}
    assert server.posted == [("/hook?key=secret", "application/json", run)]


def test_the_address_is_in_no_callback(server):
    (told,) = callbacks(Line("digits", airflow={"webhook": {"on_failure": "ALERT"}}), None)

    assert "secret" not in repr(told)


def test_an_address_that_does_not_take_it_is_an_error(server):
    server.status = 500

    with pytest.raises(HTTPError, match="500"):
        call("ALERT", CONTEXT)


def test_an_address_where_nobody_is_is_an_error(monkeypatch):
    with HTTPServer(("127.0.0.1", 0), Answer) as closed:
        port = closed.server_port
    monkeypatch.setenv("ALERT", f"http://127.0.0.1:{port}/")

    with pytest.raises(URLError, match="refused"):
        call("ALERT", CONTEXT)


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_what_is_no_address_of_a_server_is_never_opened(monkeypatch, address):
    monkeypatch.setenv("ALERT", address)

    with pytest.raises(ValueError, match=r"^ALERT: must be an address that begins with http$"):
        call("ALERT", CONTEXT)


def test_a_variable_that_is_not_set_is_named(monkeypatch):
    monkeypatch.delenv("ALERT", raising=False)

    with pytest.raises(KeyError, match="ALERT"):
        call("ALERT", CONTEXT)


def test_a_line_that_asks_for_nobody_tells_nobody():
    assert callbacks(Line("digits"), None) == []
