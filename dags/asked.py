"""What Airflow says of a run: its values, its day, its commit, and how its tasks stand."""

from typing import Any
from zoneinfo import ZoneInfo

from dags.branch import Terms
from dags.lines import Line
from dags.repro import MistakeError


def states_of(context: Any) -> dict[str, str]:
    """The states of the tasks of this run."""
    instance = context["ti"]
    states = instance.get_task_states(dag_id=instance.dag_id, run_ids=[context["run_id"]])
    return {task: str(state) for task, state in states.get(context["run_id"], {}).items()}


def is_other(what: Terms, context: Any) -> bool:
    """Whether a task is of another commit than its run, as one that was cleared later may be."""
    version = getattr(getattr(context["ti"], "bundle_instance", None), "version", None)
    return version is not None and version != what.commit


def date_of(line: Line, context: Any) -> dict[str, str]:
    """The day that a run is for, as a value of a dated source; no other has one."""
    date = context.get("logical_date")
    if date is None or not line.airflow.get("catchup"):
        return {}
    zone = ZoneInfo(line.airflow.get("timezone", "UTC"))
    return {"ingest.date": date.astimezone(zone).date().isoformat()}


def values_of(line: Line, context: Any) -> dict[str, Any]:
    """The values of the form that are not those of the file.

    Raises:
        MistakeError: There is no such value, which Airflow takes from whoever asks its API.
    """
    given = context["params"]
    if unknown := sorted(given.keys() - line.params.keys()):
        from components.config.lookup import near

        said = [f"{key}: no such value{near(key, line.params)}" for key in unknown]
        raise MistakeError("\n".join([*said, "trigger another run, whose conf has none of these"]))
    return {
        key: given[key]
        for key, schema in line.params.items()
        if key in given and given[key] != schema.get("default")
    }
