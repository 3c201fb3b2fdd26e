"""What is secret is made once, and nobody else can read it."""

import json
import stat

import pytest

from scripts.standalone.keys import keep_password, keep_secret, private


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_folder_that_was_open_is_closed(tmp_path):
    (tmp_path / "home").mkdir(mode=0o755)

    assert mode(private(tmp_path / "home")) == 0o700


@pytest.mark.parametrize("keep", [keep_secret, keep_password])
def test_a_secret_is_made_once_and_is_its_owners_alone(tmp_path, keep):
    file = tmp_path / "secret"

    keep(file)
    first = file.read_text()
    file.chmod(0o644)
    keep(file)

    assert (file.read_text(), mode(file)) == (first, 0o600)
    assert [one.name for one in tmp_path.iterdir()] == ["secret"]


@pytest.mark.parametrize("keep", [keep_secret, keep_password])
def test_an_empty_file_is_no_secret(tmp_path, keep):
    file = tmp_path / "secret"
    file.touch()

    keep(file)

    assert len(file.read_text()) > 20


def test_two_projects_have_two_keys(tmp_path):
    for name in ("a", "b"):
        keep_secret(tmp_path / name)

    assert (tmp_path / "a").read_text() != (tmp_path / "b").read_text()


def test_the_password_is_given_once_in_the_form_that_airflow_reads(tmp_path):
    file = tmp_path / "passwords.json"

    password = keep_password(file)

    assert json.loads(file.read_text()) == {"admin": password}
    assert keep_password(file) is None
