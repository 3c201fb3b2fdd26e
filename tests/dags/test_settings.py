"""What the environment of a worker says, and what of it a stage sees."""

from pathlib import Path

import pytest

from dags.settings import of_stage, settings

VARIABLES = (
    "MILLRACE_REPOSITORY",
    "MILLRACE_HOME",
    "MILLRACE_DVC_CACHE",
    "MILLRACE_SOURCES",
    "MLFLOW_TRACKING_URI",
    "MILLRACE_MLFLOW_UI",
)


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AIRFLOW_HOME", "/srv/airflow")
    return monkeypatch


@pytest.mark.parametrize("empty", [True, False])
def test_without_settings_everything_lies_in_airflows_home(environment, empty):
    for name in VARIABLES if empty else ():
        environment.setenv(name, "")

    found = settings(Path("/srv/checkout"))

    assert found.repository == "/srv/checkout"
    assert found.home == Path("/srv/airflow/millrace")
    assert found.workspaces == Path("/srv/airflow/millrace/workspaces")
    assert found.cache == Path("/srv/airflow/millrace/cache")
    assert found.sources is None
    assert found.tracking == "sqlite:////srv/airflow/millrace/mlflow.db"
    assert found.page == "http://127.0.0.1:5000"


def test_each_setting_is_taken_from_its_variable(environment):
    for name in VARIABLES:
        environment.setenv(name, f"/{name}/")

    found = settings(Path("/srv/checkout"))

    assert (found.repository, found.tracking) == ("/MILLRACE_REPOSITORY/", "/MLFLOW_TRACKING_URI/")
    assert found.home == Path("/MILLRACE_HOME")
    assert found.cache == Path("/MILLRACE_DVC_CACHE")
    assert found.sources == Path("/MILLRACE_SOURCES")
    assert found.page == "/MILLRACE_MLFLOW_UI"


def test_the_page_of_mlflow_is_its_server_where_there_is_one(environment):
    environment.setenv("MLFLOW_TRACKING_URI", "https://mlflow.example.com/")

    assert settings(Path("/srv")).page == "https://mlflow.example.com"


def test_a_stage_sees_nothing_of_airflows_settings(environment):
    environment.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "secret")
    environment.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "digits")
    environment.setenv("__AIRFLOW_SUPERVISOR_FD", "3")
    environment.setenv("PATH", "/bin")
    environment.setenv("PYTHONPATH", "/elsewhere")
    environment.setenv("MINE", "kept")

    found = of_stage(Path("/tools"), MLFLOW_TRACKING_URI="here")

    assert "secret" not in found.values()
    assert not [name for name in found if name.startswith(("AIRFLOW__", "_AIRFLOW_", "__AIRFLOW"))]
    assert (found["MINE"], found["MLFLOW_TRACKING_URI"]) == ("kept", "here")
    assert (found["PATH"], found["PYTHONPATH"]) == ("/tools:/bin", "")
    assert found["GIT_TERMINAL_PROMPT"] == "0"
