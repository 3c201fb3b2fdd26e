"""Where a command finds its project."""

import getpass
import os
import pwd
import re

import pytest

from components.base.errors import Invalid
from components.cli.project import MARKS, OURS, enter, pipeline_file


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


def test_a_pipeline_that_there_is_not_is_named_with_the_nearest(project):
    (project / "pipelines" / "flowers.yaml").touch()

    assert pipeline_file("flowers", project).samefile("pipelines/flowers.yaml")
    with pytest.raises(Invalid, match=r"^no pipeline 'flower'; did you mean 'flowers'\?$"):
        pipeline_file("flower", project)
    with pytest.raises(Invalid, match=r"^a/b.yaml: no such file$"):
        pipeline_file("a/b.yaml", project)


def test_a_user_without_a_name_gets_one_which_dvc_asks_for(project, monkeypatch):
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("USER", "")  # so that it is what it was afterwards

    def unknown(uid):
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)

    enter()

    assert getpass.getuser() == str(os.getuid())
