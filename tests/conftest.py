"""What the tests share."""

from pathlib import Path

import mlflow
import pytest
from project import ROOT


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """What stages keep between runs is not the user's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MILLRACE_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("MILLRACE_MIRROR", raising=False)
        yield


@pytest.fixture
def mlflow_store(tmp_path, monkeypatch):
    """An empty MLflow store of this test's own, in the working directory."""
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    yield tmp_path
    while mlflow.active_run():
        mlflow.end_run()
    mlflow.set_tracking_uri("")


@pytest.fixture
def edited(tmp_path):
    """Writes the digits file with changes to its text, and gives its path."""

    def write(*changes: tuple[str, str]) -> Path:
        text = (ROOT / "pipelines" / "digits.yaml").read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "digits.yaml"
        path.write_text(text)
        return path

    return write


@pytest.fixture(scope="session")
def cluster():
    """The address of a Dask cluster of two processes on loopback."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as made:
        yield made.scheduler_address
