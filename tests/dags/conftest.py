"""What the tests of runs share."""

import pytest
from airflow_line import Small


@pytest.fixture
def small(tmp_path, monkeypatch):
    project = Small(tmp_path)
    for name, value in project.environment(tmp_path / "home").items():
        monkeypatch.setenv(name, value)
    return project
