"""Airflow's parts on one machine."""

from scripts.standalone.plan import is_healthy


def test_what_does_not_answer_is_not_healthy():
    assert not is_healthy("127.0.0.1", 1)
