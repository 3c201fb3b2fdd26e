"""What a person is asked, before a model is registered."""

from collections.abc import Mapping
from typing import Any

from dags.lines import Line
from dags.settings import run_page

VALUES = "values"
"""Under which a run's first task says in what it differs from the file."""


def subject(line: Line, instance: Any) -> str:
    """The question.

    Args:
        line: Whose model it is.
        instance: Of the task that asks, which reads what the others have said.
    """
    as_what = (
        "as the candidate of an experiment" if _values(instance) else "and become the champion"
    )
    return f"May the model of {line.name} be registered, {as_what}?"


def body(line: Line, page: str, instance: Any) -> str:
    """What there is to decide by: how the run differs, and what each of its stages has said.

    Args:
        line: Whose model it is.
        page: The address of MLflow's page.
        instance: As in `subject`.
    """
    tasks = [stage.task for stage in line.stages if not stage.always]
    told = {task: instance.xcom_pull(task_ids=task) or {} for task in tasks}
    ran = [f"**{task}**: {one['sentence']}" for task, one in told.items() if _ran(one)]
    same = [task for task, one in told.items() if not _ran(one)]
    parts = [f"With {key} = {value}" for key, value in _values(instance).items()]
    parts += ran
    if not ran:
        parts.append("Nothing has changed since the last run.")
    elif same:
        parts.append(f"As in the last run: {', '.join(same)}")
    runs = [one["mlflow"] for one in told.values() if one.get("mlflow")]
    parts += [f"[MLflow run]({run_page(page, one)})" for one in runs[-1:]]
    return "\n\n".join(parts)


def _ran(told: Mapping[str, Any]) -> bool:
    return told.get("status") == "ran"


def _values(instance: Any) -> Mapping[str, Any]:
    return instance.xcom_pull(task_ids="open", key=VALUES) or {}
