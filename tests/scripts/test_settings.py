"""Airflow's settings on one machine."""

import json

import pytest

from components.base.repository import Head, head
from scripts.standalone.settings import environment

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
            "tracking_ref": "feature/x",
            "subdir": "dags",
            "prune_dotgit_folder": False,
            "refresh_interval": 10,
        },
    }


def test_the_address_of_the_repository_is_one_that_git_can_clone(repository, tmp_path):
    repository.git("clone", "-q", bundle(repository)["kwargs"]["repo_url"], str(tmp_path / "b"))

    assert (tmp_path / "b" / ".git").is_dir()


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
