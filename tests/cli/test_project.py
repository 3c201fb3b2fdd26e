"""Where a command finds its project."""

import re

import pytest

from components.base.errors import Invalid
from components.cli.project import MARKS, OURS, enter


@pytest.fixture
def project(tmp_path, monkeypatch):
    for mark in MARKS:
        (tmp_path / mark).mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_from_a_folder_below_it_goes_to_the_project(project, monkeypatch):
    (project / "sources" / "flowers").mkdir(parents=True)
    monkeypatch.chdir(project / "sources" / "flowers")

    assert enter() == project / "sources" / "flowers"
    assert (project / "pipelines").samefile("pipelines")


def test_a_project_whose_stages_would_run_other_code_is_refused(project):
    (project / OURS.name).mkdir()

    with pytest.raises(Invalid, match=re.escape(f"and not of {project}; activate")):
        enter()


def test_a_link_to_the_same_code_is_the_same_code(project):
    (project / OURS.name).symlink_to(OURS)

    assert enter() == project
