"""What a cluster is made of, and what it keeps to itself."""

import urllib.error
from pathlib import Path

import mlflow
import psutil
import pytest
import sqlalchemy


def test_runs_are_in_postgresql_and_artifacts_go_through_the_server(cluster, tmp_path, monkeypatch):
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(variable, raising=False)
    client = mlflow.MlflowClient(cluster.state.url("mlflow"))
    (tmp_path / "note.txt").write_text("kept")

    run = client.create_run("0")
    client.log_artifact(run.info.run_id, str(tmp_path / "note.txt"))
    fetched = client.download_artifacts(run.info.run_id, "note.txt", str(tmp_path))

    assert Path(fetched).read_text() == "kept"
    assert run.info.artifact_uri.startswith("mlflow-artifacts:/")
    engine = sqlalchemy.create_engine(cluster.state.database("mlflow"))
    with engine.connect() as server:
        found = server.execute(sqlalchemy.text("SELECT run_uuid FROM runs")).scalars().all()
    assert run.info.run_id in found
    engine.dispose()


def test_nothing_listens_beyond_this_machine(cluster):
    open_ones = cluster.each(psutil.Process.net_connections)

    addresses = {one.laddr.ip for one in open_ones if one.status == psutil.CONN_LISTEN}

    assert addresses == {"127.0.0.1", "127.0.0.2"}


def test_secrets_are_for_their_owner_alone_and_in_no_command(cluster):
    secrets = cluster.state.secrets.values()
    files = [path for path in cluster.home.glob("*") if path.is_file()]

    shown = " ".join(cluster.each(psutil.Process.cmdline))
    open_files = [path for path in files if path.stat().st_mode & 0o077]

    assert not [one for one in secrets if one in shown]
    assert not [path for path in open_files if any(one in path.read_text() for one in secrets)]


def test_a_worker_knows_neither_airflows_database_nor_its_keys(cluster):
    # Its server of logs is told the same; Celery writes its title over its own environment.
    part = next(cluster.each(lambda one: [one] * ("127.0.0.2" in one.cmdline())))
    told = "\n".join(part.environ().values())
    of_another = sqlalchemy.make_url(cluster.state.database("optuna")).set(database="airflow")

    known = {name for name, one in cluster.state.secrets.items() if one in told}

    assert known == {"celery", "optuna", "redis", "storage", "logs"}
    with pytest.raises(sqlalchemy.exc.OperationalError, match="permission denied for database"):
        sqlalchemy.create_engine(of_another).connect()


def test_the_page_asks_for_the_password(cluster):
    with pytest.raises(urllib.error.HTTPError, match="401"):
        cluster.ask("/api/v2/dags", token=False)


def test_the_page_refuses_a_request_for_another_host(cluster):
    with pytest.raises(urllib.error.HTTPError, match="400"):
        cluster.ask("/api/v2/version", Host="evil.example")
