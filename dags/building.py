"""DAGs out of lines."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from airflow.exceptions import UnknownExecutorException
from airflow.executors.executor_loader import ExecutorLoader
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.providers.standard.triggers.file import FileDeleteTrigger
from airflow.sdk import (
    DAG,
    Asset,
    AssetAlias,
    AssetAll,
    AssetOrTimeSchedule,
    AssetWatcher,
    CronTriggerTimetable,
    Param,
    TriggerRule,
)

from dags import approval
from dags.callbacks import callbacks
from dags.lines import Line, Stage
from dags.operators import Broken, Close, Open, StageTask, Trial, trial_name
from dags.settings import settings

PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
}
OUTLETS = {"ingest": "data", "register": "model"}
"""By stage, what it makes a new version of."""
APPROVED = "register"
"""The stage that `airflow.approval` stands before."""


def dag(line: Line, root: Path) -> DAG:
    """The DAG of a line; with mistakes, one that fails and says which.

    Args:
        line: Of the graph.
        root: The checkout that the DAG file lies in.
    """
    if line.mistakes:
        return broken(line, root)
    try:
        made = working(line, root)
        check(made, line)
    except Exception as error:  # what Airflow does not take is this line's mistake alone
        mistakes = f"{_place(line)}: Airflow does not take it: {error}"
        return broken(Line(line.name, file=line.file, mistakes=mistakes), root)
    return made


def check(made: DAG, line: Line) -> None:
    """Looks at what Airflow looks at behind the DAG file, where it would be a mistake of all lines.

    Raises:
        ValueError: Airflow would not take the DAG.
    """
    made.validate()
    made.check_cycle()
    for task in made.tasks:
        try:
            if task.executor:
                ExecutorLoader.lookup_executor_name_by_str(task.executor, validate_teams=False)
        except UnknownExecutorException:
            what = f"the executor '{task.executor}' of {task.task_id}"
            raise ValueError(f"{what} is not one of Airflow's [core] executor") from None
    if (line.airflow.get("schedule") or {}).get("timetable"):
        from airflow.serialization.encoders import encode_timetable

        encode_timetable(made.timetable)  # one that no plugin has made known is none


def _place(line: Line) -> str:
    """The file, and the line of its section `airflow:`."""
    rows = enumerate(line.text.splitlines(), 1)
    found = next((f":{number}" for number, row in rows if row.startswith("airflow:")), "")
    return f"{line.file or line.name}{found}"


def working(line: Line, root: Path) -> DAG:
    """One task for each stage in the order of the graph, between opening and closing the run."""
    airflow = line.airflow
    deadline = airflow.get("deadline_minutes")
    with DAG(
        line.name,
        description=line.description.partition("\n")[0][:250],
        schedule=schedule(line, root),
        start_date=start(airflow),
        catchup=bool(airflow.get("catchup")),
        max_active_runs=airflow.get("max_active_runs", 4),
        dagrun_timeout=timedelta(minutes=deadline) if deadline else None,
        doc_md=documentation(line),
        tags=["millrace", *airflow.get("tags", ())],
        params={key: Param(**schema) for key, schema in line.params.items()},
        render_template_as_native_obj=False,
        default_args=defaults(airflow),
        user_defined_macros={
            "subject": partial(approval.subject, line),
            "body": partial(approval.body, line, settings(root).page),
        },
        on_failure_callback=callbacks(line, root),
    ) as made:
        opening = Open(task_id="open", line=line, root=root, doc_md=Open.__doc__)
        closing = Close(task_id="close", line=line, root=root, doc_md=Close.__doc__)
        tasks = {stage.task: _task(stage, line, root) for stage in line.stages}
        _connect(line, tasks, opening, closing)
        for stage in line.stages:
            if stage.trials:
                _fan_out(stage, line, root, tasks)
        # So a run that somebody marks is closed, and what is cleared is closed again. The run is
        # then what `close` is, and not what its stages are, which a mark has skipped.
        closing.as_teardown(setups=opening, on_failure_fail_dagrun=True)
        closing.trigger_rule = TriggerRule.ALL_DONE
    return made


def _task(stage: Stage, line: Line, root: Path) -> StageTask:
    """The task of a stage, with what the file says of it."""
    return StageTask(
        task_id=stage.task,
        stage=stage,
        line=line,
        root=root,
        doc_md=f"{stage.description or stage.task}\n\n`dvc repro {stage.address}`",
        **_settings(stage, line),
    )


def _settings(stage: Stage, line: Line) -> dict[str, Any]:
    found: dict[str, Any] = {
        argument: value
        for argument, value in (
            ("pool", _of(line, "pools", stage)),
            ("priority_weight", _of(line, "priority", stage)),
            ("queue", _of(line, "queue", stage)),
            ("executor", _of(line, "executor", stage)),
            ("executor_config", pod(_of(line, "executor_config", stage))),
            ("execution_timeout", _minutes(_of(line, "execution_timeout_minutes", stage))),
        )
        if value is not None
    }
    if any(after == stage.task for _, after in line.edges):
        found["trigger_rule"] = "none_failed"  # what has not changed is skipped
    if line.file and stage.task in OUTLETS:
        found["outlets"] = [AssetAlias(f"millrace://{line.name}/{OUTLETS[stage.task]}")]
    return found


def _fan_out(stage: Stage, line: Line, root: Path, tasks: Mapping[str, Any]) -> None:
    """One mapped task for each part of a stage, between what comes before it and the stage."""
    one = {key: value for key, value in _settings(stage, line).items() if key != "outlets"}
    parts = Trial.partial(
        task_id=trial_name(stage),
        stage=stage,
        line=line,
        root=root,
        doc_md=f"One part of `{stage.task}`, which finds it done.",
        **{"trigger_rule": "none_failed", **one},
    ).expand(number=list(stage.trials))
    for upstream, downstream in line.edges:
        if downstream == stage.task:
            tasks[upstream] >> parts
    parts >> tasks[stage.task]


def _connect(line: Line, tasks: Mapping[str, Any], opening: Open, closing: Close) -> None:
    """The edges of the graph, and from the first task of a run to its last."""
    before, after = ({pair[side] for pair in line.edges} for side in (0, 1))
    for name, task in tasks.items():
        if name not in after:
            opening >> task
        if name not in before:
            task >> closing
    asked = _approval() if line.airflow.get("approval") and APPROVED in tasks else None
    for upstream, downstream in direct(line.edges):
        if asked is not None and downstream == APPROVED:
            tasks[upstream] >> asked >> tasks[downstream]
        else:
            tasks[upstream] >> tasks[downstream]


def direct(edges: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The edges that no longer way stands for: the others say nothing more of the order."""
    after: dict[str, set[str]] = {}
    for upstream, downstream in edges:
        after.setdefault(upstream, set()).add(downstream)

    def reached(name: str) -> set[str]:
        found, waiting = {name}, [name]
        while waiting:
            new = after.get(waiting.pop(), set()) - found
            found |= new
            waiting += new
        return found

    return [(a, b) for a, b in edges if not any(b in reached(one) for one in after[a] - {b})]


def _approval() -> ApprovalOperator:
    return ApprovalOperator(
        task_id="approve",
        subject="{{ subject(ti) }}",
        body="{{ body(ti) }}",
        retries=0,  # a person who has said no is not asked again
        fail_on_reject=True,  # a no is to be seen, and told as failures are
        trigger_rule="none_failed",
        doc_md="A person says yes before the alias moves.",
    )


def broken(line: Line, root: Path) -> DAG:
    """A DAG whose one task fails with what is wrong.

    An import error would do as well, but Airflow counts it against every DAG of this file, and
    stops scheduling them all.
    """
    try:
        when, first = schedule(line, root), start(line.airflow)
    except Exception:  # it may be what Airflow does not take
        when, first = None, None
    with DAG(
        re.sub(r"[^A-Za-z0-9_.-]", "_", line.name)[:200],
        schedule=when,
        start_date=first,
        catchup=False,
        max_active_runs=1,
        doc_md=f"**This has mistakes**\n\n{_block(line.mistakes, 'text')}",
        tags=["millrace", "mistakes"],
        default_args={"owner": line.airflow.get("owner") or "millrace"},
    ) as made:
        Broken(task_id="mistakes", line=line, root=root, doc_md=_block(line.mistakes, "text"))
    return made


def schedule(line: Line, root: Path) -> Any:
    """What starts a run, in Airflow's own classes."""
    given = line.airflow.get("schedule")
    if not given:
        return None
    zone = line.airflow.get("timezone", "UTC")
    if given.get("timetable"):
        module, _, name = given["timetable"].partition(":")
        return getattr(import_module(module), name)(**given["arguments"])
    found = [Asset(one) for one in given.get("assets", ())]
    if given.get("ready"):
        found.append(_ready(line.name, root))
    if found:
        assets = AssetAll(*found)
        if given.get("or_cron"):
            cron = PRESETS.get(given["or_cron"], given["or_cron"])
            timetable = CronTriggerTimetable(cron, timezone=zone)
            return AssetOrTimeSchedule(timetable=timetable, assets=assets)
        return assets
    cron = given["cron"]
    if cron in ("@once", "@continuous"):
        return cron
    return CronTriggerTimetable(PRESETS.get(cron, cron), timezone=zone)


def _ready(name: str, root: Path) -> Asset:
    """New raw data, which somebody says are there by a file beside them.

    Raises:
        ValueError: No folder has raw data here.
    """
    sources = settings(root).sources
    if sources is None:
        raise ValueError("schedule.ready needs MILLRACE_SOURCES, the folder of the raw data")
    trigger = FileDeleteTrigger(filepath=str(sources.absolute() / f"{name}.ready"))
    return Asset(f"millrace://{name}/ready", watchers=[AssetWatcher(name="ready", trigger=trigger)])


def start(airflow: Mapping[str, Any]) -> datetime | None:
    """The first day that a run can be for."""
    given = airflow.get("start_date")
    zone = ZoneInfo(airflow.get("timezone", "UTC"))
    return datetime.fromisoformat(given).replace(tzinfo=zone) if given else None


def defaults(airflow: Mapping[str, Any]) -> dict[str, Any]:
    """Of every task: who answers for it, and retries that come ever later.

    A graph of the user's own says nothing of them: then it is Airflow's to say.
    """
    found: dict[str, Any] = {"owner": airflow.get("owner") or "millrace"}
    if "retries" in airflow:
        found |= {
            "retries": airflow["retries"],
            "retry_delay": timedelta(seconds=airflow["retry_delay_seconds"]),
            "max_retry_delay": timedelta(seconds=airflow["max_retry_delay_seconds"]),
        }
    return {**found, "retry_exponential_backoff": True}


def pod(resources: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What the pod of a task gets under the KubernetesExecutor.

    Raises:
        ImportError: Kubernetes's client is not installed.
    """
    if resources is None:
        return None
    try:
        from kubernetes.client import models as k8s
    except ImportError:
        package = "apache-airflow-providers-cncf-kubernetes"
        raise ImportError(
            f"executor_config needs Kubernetes's client: pip install {package}"
        ) from None

    amounts = {
        "nvidia.com/gpu": resources.get("gpu"),
        "cpu": resources.get("cpu"),
        "memory": f"{resources['memory_gib']}Gi" if resources.get("memory_gib") else None,
    }
    limits = {key: str(value) for key, value in amounts.items() if value is not None}
    container = k8s.V1Container(
        name="base",
        image=resources.get("image"),
        resources=k8s.V1ResourceRequirements(limits=limits, requests=limits),
    )
    return {"pod_override": k8s.V1Pod(spec=k8s.V1PodSpec(containers=[container]))}


def documentation(line: Line) -> str:
    """What the page of the DAG says: the description, the stages, and the pipeline file."""
    rows = "\n".join(f"| `{stage.task}` | {_cell(stage.description)} |" for stage in line.stages)
    parts = [line.description, f"| task | what it does |\n|---|---|\n{rows}"]
    if line.file:
        parts.append(f"`{line.file}`\n\n{_block(line.text, 'yaml')}")
    return "\n\n".join(parts)


def _cell(text: str) -> str:
    """Text that stays in one cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def _of(line: Line, key: str, stage: Stage) -> Any:
    return line.airflow.get(key, {}).get(stage.task)


def _minutes(value: float | None) -> timedelta | None:
    return None if value is None else timedelta(minutes=value)


def _block(text: str, language: str = "") -> str:
    """Text in a fence that is longer than any that it has."""
    longest = max((len(found) for found in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
