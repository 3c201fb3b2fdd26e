"""What a cluster is for: any worker takes the next stage, and a laptop gets the same files."""

import json
import subprocess
import sys
import urllib.error
from contextlib import suppress
from pathlib import Path

import mlflow
import psutil
import pytest
import sqlalchemy
from cluster import wait


def dvc(*arguments, cwd, env):
    command = [sys.executable, "-m", "dvc", *arguments]
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_each_stage_finds_on_one_worker_what_the_other_has_made(cluster, tmp_path):
    cluster.trigger("three", "one")
    tasks = cluster.finished("three", "one")
    clone = cluster.clone(tmp_path / "clone", "airflow/three/one")
    laptop = cluster.laptop(tmp_path / "laptop")
    dvc("pull", cwd=clone, env=laptop)

    assert {task["state"] for task in tasks.values()} == {"success"}
    assert [tasks[name]["hostname"] for name in ("draw", "sum", "report")] == [
        "127.0.0.1",
        "127.0.0.2",
        "127.0.0.1",
    ]
    assert "Running stage 'draw'" not in cluster.said("three", "one", "sum")
    drawn = [int(path.read_text()) for path in (clone / "drawn").iterdir()]
    assert len(drawn) == 100
    assert json.loads((clone / "report.json").read_text()) == {"sum": sum(drawn)}
    assert "up to date" in dvc("status", cwd=clone, env=laptop)


def test_three_tasks_that_wait_for_each_other_need_both_workers_of_two_slots(cluster):
    cluster.trigger("meet", "one")

    tasks = cluster.finished("meet", "one")

    assert {task["state"] for task in tasks.values()} == {"success"}
    assert {task["hostname"] for task in tasks.values()} == {"127.0.0.1", "127.0.0.2"}


def test_a_run_keeps_the_commit_that_it_began_with(cluster, tmp_path):
    cluster.trigger("letter", "of-a")
    wait(lambda: cluster.tasks("letter", "of-a")["before"]["state"] == "running", 120)
    later = cluster.clone(tmp_path / "later")
    (later / "letter").write_text("B")
    cluster.push(later, "another letter")
    wait(lambda: versions(cluster) == 2, 120)
    subprocess.run(["git", "push", "--quiet", "origin", "HEAD:go"], cwd=later, check=True)
    cluster.finished("letter", "of-a")
    cluster.trigger("letter", "of-b")
    cluster.finished("letter", "of-b")

    assert "the letter is A, A" in cluster.said("letter", "of-a", "after")
    assert "the letter is B, B" in cluster.said("letter", "of-b", "after")


def of_each(cluster, ask):
    """What each process of the cluster answers; some end while they are asked."""
    for process in psutil.Process(cluster.process.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess, FileNotFoundError):  # a zombie is one of them
            yield from ask(process)


def versions(cluster):
    """How many versions of the DAG there are."""
    return len(cluster.ask("/api/v2/dags/letter/dagVersions")["dag_versions"])


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
        assert server.execute(sqlalchemy.text("SELECT run_uuid FROM runs")).scalars().all() == [
            run.info.run_id
        ]
    engine.dispose()


def test_nothing_listens_beyond_this_machine(cluster):
    open_ones = of_each(cluster, psutil.Process.net_connections)

    addresses = {one.laddr.ip for one in open_ones if one.status == psutil.CONN_LISTEN}

    assert addresses == {"127.0.0.1", "127.0.0.2"}


def test_secrets_are_for_their_owner_alone_and_in_no_command(cluster):
    secrets = cluster.state.secrets.values()
    files = [path for path in cluster.home.glob("*") if path.is_file()]

    shown = " ".join(of_each(cluster, psutil.Process.cmdline))
    open_files = [path for path in files if path.stat().st_mode & 0o077]

    assert not [one for one in secrets if one in shown]
    assert not [path for path in open_files if any(one in path.read_text() for one in secrets)]


def test_a_worker_knows_neither_airflows_database_nor_its_keys(cluster):
    # Its server of logs is told the same; Celery writes its title over its own environment.
    part = next(of_each(cluster, lambda one: [one] * ("127.0.0.2" in one.cmdline())))
    told = "\n".join(part.environ().values())
    of_another = sqlalchemy.make_url(cluster.state.database("optuna")).set(database="airflow")

    known = {name for name, one in cluster.state.secrets.items() if one in told}

    assert known == {"celery", "optuna", "redis", "storage", "logs"}
    with pytest.raises(sqlalchemy.exc.OperationalError, match="permission denied for database"):
        sqlalchemy.create_engine(of_another).connect()


def test_the_page_asks_for_the_password(cluster):
    with pytest.raises(urllib.error.HTTPError, match="401"):
        cluster.ask("/api/v2/dags", token=False)


def test_a_killed_worker_is_started_again(cluster):
    worker = next(of_each(cluster, lambda one: [one] * ("worker-2" in one.cmdline())))
    worker.kill()

    wait(lambda: "worker-2 ended with -9; again in 1 s" in cluster.log.read_text(), 30)
    cluster.trigger("meet", "after-a-kill")
    tasks = cluster.finished("meet", "after-a-kill")

    assert {task["hostname"] for task in tasks.values()} == {"127.0.0.1", "127.0.0.2"}
