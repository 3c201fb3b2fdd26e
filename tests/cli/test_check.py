"""What `millrace check` makes of what the look at each file ends with."""

from subprocess import CompletedProcess

import pytest
from project import ROOT

from components.base.errors import Invalid, Stop, Unavailable
from components.cli import apart, check

SAID = "http://127.0.0.1:9/a.csv was not downloaded: it does not answer"


def test_without_a_network_it_says_so_in_words_and_that_another_time_may_do(edited, monkeypatch):
    done = CompletedProcess([], Unavailable.status, "", f"W0000 TensorFlow\n{SAID}\n")
    monkeypatch.setattr(apart.subprocess, "run", lambda *_, **__: done)
    monkeypatch.chdir(ROOT)

    with pytest.raises(Unavailable) as caught:
        check.check([edited()])

    assert str(caught.value) == SAID


def test_what_a_library_says_of_itself_while_a_module_is_imported_is_not_shown(
    edited, tmp_path, monkeypatch, capfd
):
    (tmp_path / "loud.py").write_text("import os\nos.write(2, b'I0000 of a processor')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    (tmp_path / "pipelines").symlink_to(ROOT / "pipelines")
    path = edited(("source: sklearn.datasets.load_digits", "source: loud:Mine"))

    with pytest.raises(Invalid):
        check.check([path])

    assert capfd.readouterr().err == ""
    assert (tmp_path / "measured/check.log").read_text() == "I0000 of a processor"


def test_of_a_file_that_is_not_looked_at_it_says_so(edited, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)

    with pytest.raises(Invalid):
        check.check([ROOT / "pipelines/digits.yaml", edited(("epochs: 40", "epochs: none"))])

    said = " ".join(capsys.readouterr().out.split())
    assert said.endswith("digits.yaml: not looked at further, since another file has mistakes")


@pytest.mark.parametrize(
    ("kinds", "status"),
    [
        pytest.param([Unavailable, Unavailable], 75, id="to try again may help all"),
        pytest.param([Unavailable, Stop], 1, id="to try again helps one of them alone"),
        pytest.param([Unavailable, Invalid, Stop], 2, id="a mistake comes first"),
    ],
)
def test_what_is_wrong_with_several_files_has_one_status(kinds, status):
    with pytest.raises(Stop) as caught:
        check._raise([None, *(kind(kind.__name__) for kind in kinds)])

    assert caught.value.status == status
    assert str(caught.value) == "\n".join(kind.__name__ for kind in kinds)
