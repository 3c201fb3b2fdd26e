"""What the tests of runs share."""

import shutil

import pytest
from airflow_line import Small


def entered(root, patch):
    """A project of a worker, which is this process."""
    project = Small(root)
    for name, value in project.environment(root / "home").items():
        patch.setenv(name, value)
    return project


@pytest.fixture
def small(tmp_path, monkeypatch):
    return entered(tmp_path, monkeypatch)


@pytest.fixture(scope="session")
def first_run(tmp_path_factory):
    """The folder of a project of which a run has gone well."""
    # Not above: Airflow, imported while pytest captures nothing, would close what absl writes to.
    from driven import Driven

    root = tmp_path_factory.mktemp("first-run")
    with pytest.MonkeyPatch.context() as patch:
        Driven(entered(root, patch), "one").whole()
    return root


@pytest.fixture
def settled(first_run, tmp_path, monkeypatch):
    """Such a project, this test's own."""
    shutil.copytree(first_run, tmp_path, symlinks=True, dirs_exist_ok=True)
    return entered(tmp_path, monkeypatch)
