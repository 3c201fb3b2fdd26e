"""Where trials are kept."""

import pytest

from components.base.errors import Stop
from components.run import trials


def test_without_a_place_of_its_own_it_is_dvcs_cache(project, monkeypatch):
    monkeypatch.chdir(project.root)
    monkeypatch.delenv(trials.VARIABLE, raising=False)

    assert trials.address() == f"sqlite:///{project.root}/.dvc/cache/millrace/trials.db"


def test_without_dvc_it_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(trials.VARIABLE, raising=False)

    with pytest.raises(Stop) as caught:
        trials.address()

    said = str(caught.value)
    assert said.startswith("tune: DVC knows no cache, in which trials could be kept: ERROR: ")
    assert said.endswith("or set MILLRACE_TRIALS, such as MILLRACE_TRIALS=sqlite:///trials.db")


def test_a_place_that_is_given_is_taken(monkeypatch):
    monkeypatch.setenv(trials.VARIABLE, "postgresql://trials")

    assert trials.address() == "postgresql://trials"
