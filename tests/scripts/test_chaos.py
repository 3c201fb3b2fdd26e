"""One harm of `make chaos`, from end to end, and what its count would notice."""

import pytest

from scripts.chaos.__main__ import after, disturbed
from scripts.chaos.airflow import Airflow
from scripts.chaos.check import broken
from scripts.chaos.project import SMALL, STAGES, Place, Run
from scripts.chaos.tracking import Tracking


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path, seconds=1)


def test_a_task_that_is_killed_in_each_stage_ends_green_with_the_bytes_of_an_undisturbed_run(
    place, tmp_path
):
    run = Run(SMALL, "kill_task")
    with Tracking(tmp_path / "mlflow") as tracking, Airflow(place, tracking) as airflow:
        state = disturbed(airflow, run)

        assert state == "success"
        tasks = airflow.tasks(run)
        assert {name: tasks[name]["try_number"] for name in STAGES} == dict.fromkeys(STAGES, 2)
        assert broken(airflow, run, state) == []
        assert after(airflow, Run(SMALL, "after")) == []

        (place.workspaces / "half.partial").touch()
        place.next_round()
        assert broken(airflow, run, state) == [
            *(f"{path} is not that of an undisturbed run" for path in sorted(SMALL.outs)),
            "project/.airflow/millrace/workspaces/half.partial is left",
        ]
