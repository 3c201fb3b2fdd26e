"""What is tried again."""

from pathlib import Path

import pytest

from dags.lines import Line, Stage
from dags.operators import Close, Open, StageTask
from dags.repro import GateError, MistakeError, TemporaryError

LINE = Line("small")


@pytest.mark.parametrize(
    "task",
    [
        Open(task_id="open", line=LINE, root=Path()),
        StageTask(task_id="a", line=LINE, root=Path(), stage=Stage("a", "a")),
        Close(task_id="close", line=LINE, root=Path()),
    ],
    ids=lambda task: task.task_id,
)
def test_a_gate_and_a_mistake_fail_at_once_in_every_task_and_a_server_that_is_away_does_not(task):
    def action(error):
        return task.retry_policy.evaluate(error, 1, 3).action.value

    assert action(GateError()) == "fail"
    assert action(MistakeError()) == "fail"
    assert action(TemporaryError()) != "fail"
