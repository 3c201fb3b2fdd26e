"""One harm of `make chaos`, from end to end, and what its count would notice."""

import pytest

from scripts.chaos.__main__ import after, disturbed
from scripts.chaos.airflow import Airflow
from scripts.chaos.check import broken
from scripts.chaos.project import Place


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path, seconds=1)


def test_a_task_that_is_killed_in_each_stage_ends_green_with_the_bytes_of_an_undisturbed_run(place):
    with Airflow(place) as airflow:
        state = disturbed(airflow, "kill_task", "killed")

        assert state == "success"
        tasks = airflow.tasks("small", "killed")
        assert {name: tasks[name]["try_number"] for name in place.outs} == dict.fromkeys(
            place.outs, 2
        )
        assert broken(airflow, "killed", state) == []
        assert after(airflow, "after") == []

        (place.workspaces / "half.partial").touch()
        place.next_round()
        assert broken(airflow, "killed", state) == [
            "the outputs are not those of an undisturbed run",
            "project/.airflow/millrace/workspaces/half.partial is left",
        ]
