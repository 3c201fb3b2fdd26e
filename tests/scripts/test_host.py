"""Requests for another host are refused."""

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from scripts.airflow_plugins.host import HostPlugin, hosts


@pytest.fixture
def client():
    """Of an application that has the plugin's middleware before it, as Airflow adds it."""
    page = Route("/page", lambda _: PlainTextResponse("here"))
    app = Starlette(routes=[page, Mount("/execution", Starlette(routes=[page]))])
    for one in HostPlugin.fastapi_root_middlewares:
        app.add_middleware(one["middleware"], **one["kwargs"])
    return TestClient(app)


@pytest.mark.parametrize("path", ["/page", "/execution/page"])
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8080", 200),
        ("localhost:8080", 200),
        ("LOCALHOST", 200),
        ("evil.example", 400),
        ("127.0.0.1.evil.example:8080", 400),
        ("localhost.evil.example", 400),
        ("", 400),
    ],
)
def test_only_this_machine_is_answered_for(client, path, host, status):
    assert client.get(path, headers={"host": host}).status_code == status


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://127.0.0.1:8080", ["127.0.0.1", "localhost"]),
        ("https://Airflow.example/team", ["127.0.0.1", "airflow.example", "localhost"]),
        ("", ["127.0.0.1", "localhost"]),
    ],
)
def test_the_host_of_airflows_own_address_is_let_in(address, expected):
    assert hosts(address) == expected
