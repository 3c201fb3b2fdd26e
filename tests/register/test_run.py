"""The registry's stage, from paths to the server."""

from types import SimpleNamespace

import pytest
import requests
from mlflow import MlflowException
from mlflow.protos.databricks_pb2 import TEMPORARILY_UNAVAILABLE

from components.base.errors import Stop, Unavailable
from components.register import run
from components.run.manifest import FILE


@pytest.mark.parametrize("call", ["register", "read"])
@pytest.mark.parametrize(
    ("no", "said"),
    [
        (
            MlflowException("come back later", TEMPORARILY_UNAVAILABLE),
            "TEMPORARILY_UNAVAILABLE: come back later",
        ),
        (requests.HTTPError("413 Request Entity Too Large"), "HTTPError: 413 Request"),
        (requests.JSONDecodeError("Expecting value", "<html>", 0), "JSONDecodeError: Expecting"),
    ],
)
def test_a_no_of_the_server_is_told_and_moves_nothing(photo_line, monkeypatch, call, no, said):
    """Also where its store of files answers, or a proxy before it."""

    def refuse(*_):
        raise no

    for name in ("reconcile", "standing"):
        monkeypatch.setattr(run, name, refuse)
    with photo_line.entered(), pytest.raises(Unavailable) as error:
        list(run.register(photo_line.root)) if call == "register" else run.read(
            photo_line.root, "photos"
        )

    assert f"register: MLflow says no, and no alias moves: {said}" in str(error.value)
    assert str(error.value).endswith("; the next run goes on from here")


def test_a_mistake_of_ours_is_no_no_of_the_server(photo_line, monkeypatch):
    monkeypatch.setattr(run, "reconcile", lambda *_: [][0])

    with photo_line.entered(), pytest.raises(IndexError):
        list(run.register(photo_line.root))


def test_a_model_that_the_gate_does_not_let_in_is_an_error_where_that_is_asked(
    photo_line, monkeypatch
):
    refused = SimpleNamespace(is_refused=True, sentence="photos: not registered", run=("1", "abc"))
    monkeypatch.setattr(run, "reconcile", lambda *_: refused)
    with photo_line.entered():
        ((name, found),) = run.register(photo_line.root)
        with pytest.raises(Stop, match=r"^photos: not registered$"):
            list(run.register(photo_line.root, is_strict=True))

    assert (name, found) == ("photos", refused)


def test_what_has_no_package_yet_is_passed_over_unless_it_is_asked_for(photo_line):
    project = photo_line.root
    packaged = project / "packages" / "photos" / FILE
    packaged.rename(project / "aside.json")
    try:
        with photo_line.entered():
            assert not list(run.register(project))
            with pytest.raises(Stop) as error:
                list(run.register(project, ["photos", "mnist"]))
    finally:
        (project / "aside.json").rename(packaged)

    assert str(error.value).splitlines() == [
        "photos: nothing is packaged yet; run it: millrace run photos",
        "mnist: nothing is packaged yet; run it: millrace run mnist",
    ]
