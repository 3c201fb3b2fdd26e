"""Airflow's settings on one machine."""

import json

import pytest
from airflow.providers.git.bundles.git import GitDagBundle
from sqlalchemy import make_url

from components.base.repository import Head, head
from scripts.standalone.settings import DATABASE, environment

BUNDLES = "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"


def bundle(repository):
    (one,) = json.loads(environment(repository.root, head(repository.root), {})[BUNDLES])
    return one


def test_dags_come_from_the_commits_of_the_branch_that_is_checked_out(repository):
    repository.git("checkout", "-q", "-b", "feature/x")

    assert bundle(repository) == {
        "name": "millrace",
        "classpath": "airflow.providers.git.bundles.git.GitDagBundle",
        "kwargs": {
            "repo_url": repository.root.as_uri(),
            "git_conn_id": "millrace_repository",
            "tracking_ref": "feature/x",
            "subdir": "dags",
            "prune_dotgit_folder": False,
            "refresh_interval": 10,
        },
    }


def test_the_address_of_the_repository_is_one_that_git_can_clone(repository, tmp_path):
    repository.git("clone", "-q", bundle(repository)["kwargs"]["repo_url"], str(tmp_path / "b"))

    assert (tmp_path / "b" / ".git").is_dir()


def test_the_bundle_has_its_connection(repository, monkeypatch):
    """Without one, every log of a task has a traceback."""
    for name, value in environment(repository.root, head(repository.root), {}).items():
        monkeypatch.setenv(name, value)

    made = GitDagBundle(name="millrace", **bundle(repository)["kwargs"])

    assert made.hook is not None
    assert made.repo_url == repository.root.as_uri()


def test_without_a_branch_they_come_from_the_commit_alone(repository):
    repository.git("checkout", "-q", "--detach")

    assert bundle(repository)["kwargs"]["tracking_ref"] == repository.git("rev-parse", "HEAD")


def test_what_the_user_has_set_stays(tmp_path):
    given = {"AIRFLOW_HOME": str(tmp_path / "own"), "MLFLOW_TRACKING_URI": "http://127.0.0.1:1"}

    made = environment(tmp_path, Head("0" * 40, "main"), given)

    assert given.items() <= made.items()
    assert made["MILLRACE_HOME"] == f"{tmp_path}/own/millrace"


def test_the_port_is_in_every_address(tmp_path):
    made = environment(tmp_path, Head("0" * 40, "main"), {"PORT": "8123"})

    assert made["AIRFLOW__API__PORT"] == "8123"
    assert made["AIRFLOW__API__BASE_URL"] == "http://127.0.0.1:8123"
    assert made["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:8123/execution/"


def database(home, **given):
    return environment(home, Head("0" * 40, "main"), given).get(DATABASE)


def test_who_writes_to_the_database_while_another_does_waits(tmp_path):
    url = make_url(database(tmp_path))

    arguments, options = url.get_dialect()().create_connect_args(url)

    assert arguments == [f"{tmp_path}/.airflow/airflow.db"]
    assert options["timeout"] == 60


def test_another_database_stays(tmp_path):
    (tmp_path / ".airflow").mkdir()
    file = tmp_path / ".airflow" / "airflow.cfg"

    file.write_text("[database]\nsql_alchemy_conn = postgresql://localhost/airflow\n")
    assert database(tmp_path) is None
    file.write_text(f"[database]\nsql_alchemy_conn = sqlite:///{tmp_path}/.airflow/airflow.db\n")
    assert database(tmp_path).endswith("airflow.db?timeout=60")
    assert database(tmp_path, **{f"{DATABASE}_CMD": "cat url"}) is None


@pytest.mark.parametrize(("given", "everybody"), [({}, "False"), ({"DEMO": "1"}, "True")])
def test_only_a_demo_has_no_password(tmp_path, given, everybody):
    made = environment(tmp_path, Head("0" * 40, "main"), given)

    assert made["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS"] == everybody


def test_workspaces_share_the_cache_of_the_project(repository):
    root = repository.root
    (root / ".dvc").mkdir()
    (root / ".dvc" / "config").write_text("[cache]\n    dir = ../elsewhere\n")

    made = environment(root, head(root), {})

    assert made["MILLRACE_DVC_CACHE"] == f"{root}/elsewhere"
    assert made["MILLRACE_SOURCES"] == f"{root}/sources"
    assert made["MILLRACE_REPOSITORY"] == root.as_uri()
    assert made["MLFLOW_TRACKING_URI"] == f"sqlite:///{root}/mlflow.db"
