"""What a file says reaches the DAG and its tasks; what Airflow refuses is that line's alone."""

import sys
from copy import copy
from datetime import datetime, timedelta
from itertools import pairwise
from types import ModuleType, SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from airflow.models import DagRun, TaskInstance
from airflow.providers.smtp.notifications.smtp import SmtpNotifier
from airflow.sdk import Asset, AssetAll, AssetOrTimeSchedule, CronTriggerTimetable
from airflow.sdk.exceptions import AirflowFailException, ParamValidationError
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import Timetable

from components.config.airflow import Airflow
from dags.building import broken, dag, direct, documentation
from dags.lines import Line, Stage

STAGES = ("fingerprint", "ingest", "tune", "train", "package", "register")
HOSTILE = "{{ 1 }} $(touch x) `````yaml\n</script> '\" ../x"


def line_of(**given):
    """A line in a row, with an `airflow` section as it is checked and written down."""
    section = Airflow.model_validate(given.pop("airflow", {})).model_dump(mode="json")
    section["schedule"] = given.pop("schedule", section["schedule"])
    found = {
        "stages": tuple(Stage(name, f"{name}@digits") for name in STAGES),
        "edges": tuple(pairwise(STAGES)),
        "file": "pipelines/digits.yaml",
        "text": "version: 1\nairflow: {}\n",
        "airflow": section,
        **given,
    }
    return Line("digits", **found)


@pytest.fixture
def built(tmp_path):
    """Builds a working DAG, which Airflow's processor takes, too."""

    def build(**given):
        made = dag(line_of(**given), tmp_path)
        assert "mistakes" not in made.task_ids, made.doc_md
        DagSerialization.to_dict(made)
        return made

    return build


@pytest.fixture
def refused(tmp_path):
    """Builds a DAG that must be a broken one, and gives what its task fails with."""

    def build(**given):
        made = dag(line_of(**given), tmp_path)
        DagSerialization.to_dict(made)
        (task,) = made.tasks
        with pytest.raises(AirflowFailException) as failed:
            task.execute({})
        return str(failed.value)

    return build


def test_a_stage_is_a_task_between_opening_and_closing(built):
    made = built()

    assert [task.task_id for task in made.topological_sort()] == ["open", *STAGES, "close"]
    assert {task.task_id: sorted(task.downstream_task_ids) for task in made.tasks} == {
        "open": ["close", "fingerprint"],
        **{before: [after] for before, after in zip(STAGES, (*STAGES[1:], "close"), strict=True)},
        "close": [],
    }


def test_a_run_that_was_not_opened_runs_nothing_and_what_is_unchanged_stops_nothing(built):
    rules = {task.task_id: task.trigger_rule.value for task in built().tasks}

    assert rules["fingerprint"] == "all_success"
    assert {rules[name] for name in STAGES[1:]} == {"none_failed"}


def test_a_run_is_closed_whatever_has_failed(built):
    made = built()

    assert made.get_task("open").is_setup
    assert made.get_task("close").is_teardown
    assert made.get_task("close").trigger_rule.value == "all_done"


def test_a_run_is_what_its_last_task_is(built):
    made = DagSerialization.from_dict(DagSerialization.to_dict(built()))
    tasks = {TaskInstance(task, dag_version_id=None) for task in made.tasks}

    # Whose states Airflow looks at; a task that is skipped would do for a success.
    judged = DagRun()._tis_for_dagrun_state(dag=made, tis=tasks)

    assert [task.task_id for task in judged] == ["close"]


def test_what_the_file_leaves_out_is_plain(built):
    made = built()

    assert made.schedule is None
    assert made.catchup is False
    assert made.max_active_runs == 4
    assert made.dagrun_timeout is None
    assert {task.retries for task in made.tasks} == {2}
    assert {task.owner for task in made.tasks} == {"millrace"}
    assert {task.pool for task in made.tasks} == {"default_pool"}
    assert made.tags == {"millrace"}
    assert len(made.on_failure_callback) == 1


def test_settings_per_stage_reach_its_task_alone(built):
    made = built(
        airflow={
            "pools": {"train": "gpu"},
            "priority": {"train": 7},
            "queue": {"train": "big"},
            "executor": {"train": "LocalExecutor"},
            "execution_timeout_minutes": {"train": 5},
        }
    )

    def of(name):
        task = made.get_task(name)
        return (task.pool, task.priority_weight, task.queue, task.executor, task.execution_timeout)

    assert of("train") == ("gpu", 7, "big", "LocalExecutor", timedelta(minutes=5))
    assert of("ingest") == ("default_pool", 1, "default", None, None)


def test_retries_come_ever_later(built):
    made = built(
        airflow={
            "retries": 3,
            "retry_delay_seconds": 7,
            "max_retry_delay_seconds": 70,
            "owner": "me",
        }
    )

    for task in made.tasks:
        assert (task.retries, task.retry_delay, task.max_retry_delay, task.owner) == (
            *(3, timedelta(seconds=7)),
            *(timedelta(seconds=70), "me"),
        )
        assert task.retry_exponential_backoff


def test_runs_have_tags_a_deadline_and_a_number(built):
    made = built(airflow={"tags": ["a b", "{{ 1 }}"], "deadline_minutes": 90, "max_active_runs": 2})

    assert made.tags == {"millrace", "a b", "{{ 1 }}"}
    assert made.dagrun_timeout == timedelta(minutes=90)
    assert made.max_active_runs == 2


@pytest.mark.parametrize(
    ("cron", "expression"),
    [
        ("0 3 * * 1", "0 3 * * 1"),
        ("@hourly", "0 * * * *"),
        ("@daily", "0 0 * * *"),
        ("@weekly", "0 0 * * 0"),
        ("@monthly", "0 0 1 * *"),
        ("@quarterly", "0 0 1 */3 *"),
        ("@yearly", "0 0 1 1 *"),
    ],
)
def test_a_clock_is_read_in_the_time_zone_of_the_file(built, cron, expression):
    made = built(airflow={"schedule": cron, "timezone": "Europe/Berlin"})

    assert made.schedule == CronTriggerTimetable(expression, timezone="Europe/Berlin")


def test_once_and_continuous_are_airflows(built):
    assert built(airflow={"schedule": "@once"}).schedule == "@once"
    assert built(airflow={"schedule": "@continuous", "max_active_runs": 1}).max_active_runs == 1


def test_new_versions_of_all_assets_start_a_run(built):
    made = built(airflow={"schedule": {"assets": ["millrace://base/model", "s3://b/data"]}})

    assert isinstance(made.schedule, AssetAll)
    assert [asset.uri for asset in made.schedule.objects] == [
        *("millrace://base/model", "s3://b/data"),
    ]


def test_raw_data_that_are_said_to_be_there_start_a_run(built, tmp_path, monkeypatch):
    monkeypatch.setenv("MILLRACE_SOURCES", str(tmp_path))

    made = built(airflow={"schedule": {"ready": True, "or_cron": "@weekly"}})

    assert isinstance(made.timetable, AssetOrTimeSchedule)
    (asset,) = made.timetable.asset_condition.objects
    (watcher,) = asset.watchers
    assert watcher.trigger.filepath == str(tmp_path / f"{made.dag_id}.ready")


def test_raw_data_cannot_be_watched_where_no_folder_has_them(built, monkeypatch):
    monkeypatch.delenv("MILLRACE_SOURCES", raising=False)

    with pytest.raises(AssertionError, match=r"schedule.ready needs MILLRACE_SOURCES"):
        built(airflow={"schedule": {"ready": True}})


def test_assets_or_a_clock_start_a_run(built):
    schedule = {"assets": ["millrace://base/model"], "or_cron": "@weekly"}

    made = built(airflow={"schedule": schedule, "timezone": "Asia/Tokyo"})

    assert isinstance(made.schedule, AssetOrTimeSchedule)
    assert made.schedule.timetable == CronTriggerTimetable("0 0 * * 0", timezone="Asia/Tokyo")
    assert made.schedule.asset_condition == AssetAll(Asset("millrace://base/model"))


def test_a_timetable_starts_a_run(built):
    made = built(
        airflow={
            "schedule": {
                "timetable": "airflow.timetables.interval:CronDataIntervalTimetable",
                "arguments": {"cron": "@daily", "timezone": "UTC"},
            }
        }
    )

    assert type(made.schedule).__name__ == "CronDataIntervalTimetable"


def test_a_dated_source_is_caught_up_with(built):
    given = {"schedule": "@daily", "start_date": "2026-01-31", "catchup": True}

    made = built(airflow={**given, "timezone": "Europe/Berlin"})

    assert made.catchup is True
    assert made.start_date == datetime(2026, 1, 31, tzinfo=ZoneInfo("Europe/Berlin"))


def test_a_person_is_asked_between_package_and_register(built):
    made = built(airflow={"approval": True})

    asked = made.get_task("approve")
    assert (asked.upstream_task_ids, asked.downstream_task_ids) == ({"package"}, {"register"})
    assert made.get_task("register").upstream_task_ids == {"approve"}
    assert asked.trigger_rule.value == "none_failed"
    assert asked.fail_on_reject is True


RAN = {"status": "ran", "sentence": "accuracy 0.98", "mlflow": {"experiment": "1", "run": "r"}}
LINK = "[MLflow run](http://127.0.0.1:5000/#/experiments/1/runs/r?workflowType=machine_learning)"


@pytest.mark.parametrize(
    ("told", "subject", "body"),
    [
        (
            {"train": RAN, "package": {"status": "ran", "sentence": "4 MB"}},
            "and become the champion?",
            f"**train**: accuracy 0.98\n\n**package**: 4 MB\n\nAs in the last run: {{}}\n\n{LINK}",
        ),
        ({}, "and become the champion?", "Nothing has changed since the last run."),
        (
            {"open": {"train.epochs": 4}, "train": {"status": "ran", "sentence": "worse"}},
            "as the candidate of an experiment?",
            "With train.epochs = 4\n\n**train**: worse\n\nAs in the last run: {}",
        ),
    ],
)
def test_a_person_is_told_what_is_asked_and_what_there_is_to_decide_by(built, told, subject, body):
    stages = tuple(
        Stage(name, f"{name}@digits", always=name in ("fingerprint", "register")) for name in STAGES
    )
    asked = built(stages=stages, airflow={"approval": True}).get_task("approve")
    instance = SimpleNamespace(xcom_pull=lambda task_ids, key=None: told.get(task_ids))
    same = [one for one in STAGES if one not in {*told, "fingerprint", "register"}]

    shown = [asked.render_template(one, {"ti": instance}) for one in (asked.subject, asked.body)]

    question = f"May the model of digits be registered, {subject}"
    assert shown == [question, body.replace("{}", ", ".join(same))]


def test_the_edges_that_are_drawn_are_those_that_no_longer_way_stands_for():
    edges = [("a", "b"), ("a", "c"), ("b", "c"), ("c", "d"), ("a", "d"), ("x", "d")]

    assert direct(edges) == [("a", "b"), ("b", "c"), ("c", "d"), ("x", "d")]
    assert direct([("a", "b"), ("b", "a")]) == [("a", "b"), ("b", "a")]


def test_people_and_addresses_are_told(built, monkeypatch):
    given = {"webhook": {"on_failure": "ALERT"}, "email": {"on_failure": ["a@b.org", "c@d.org"]}}

    ended, told, mail = built(airflow=given).on_failure_callback

    assert (ended.func.__name__, told.func.__name__) == ("end_runs", "call")
    assert told.args == ("ALERT",)
    assert isinstance(mail, SmtpNotifier)
    assert mail.to == ["a@b.org", "c@d.org"]


def test_data_and_a_model_are_assets(built):
    outlets = {task.task_id: [one.name for one in task.outlets] for task in built().tasks}

    assert outlets.pop("ingest") == ["millrace://digits/data"]
    assert outlets.pop("register") == ["millrace://digits/model"]
    assert set(map(tuple, outlets.values())) == {()}


def test_a_graph_of_the_users_own_makes_no_assets(built):
    made = built(file="", text="")

    assert [task.outlets for task in made.tasks] == [[]] * len(made.tasks)
    assert made.on_failure_callback == []


def test_no_value_is_a_template(built):
    made = built(
        description=HOSTILE,
        text=HOSTILE,
        stages=(Stage("a", HOSTILE, HOSTILE, deps=(HOSTILE,)),),
        edges=(),
        params={"train.note": {"type": "string", "default": HOSTILE, "description": HOSTILE}},
        airflow={"approval": True},
    )

    assert {task.task_id: list(task.template_fields) for task in made.tasks} == {
        "open": [],
        "a": [],
        "close": [],
    }
    assert made.params["train.note"] == HOSTILE
    assert made.description == HOSTILE.partition("\n")[0]
    assert made.get_task("a").doc_md.startswith(HOSTILE)


def test_the_documentation_shows_the_whole_file_whatever_is_in_it():
    line = line_of(text="a: |\n  ```\n  ````python\n  # out\n")

    text = documentation(line)

    fence = text.rpartition("\n")[2]
    assert fence == "`````"
    assert text.endswith(f"{fence}yaml\n{line.text}\n{fence}")
    assert text.count(fence) == 2


def test_a_description_stays_in_its_cell_of_the_table():
    line = line_of(stages=(Stage("a", "a", "one | two\nthree"),), edges=(), file="")

    assert documentation(line).endswith("\n| `a` | one \\| two three |")


EPOCHS = {"type": "integer", "minimum": 1, "default": 40, "description": "How often."}


@pytest.mark.parametrize("value", [0, "many", 1.5, None, [1], "{{ 1 }}"], ids=str)
def test_the_form_refuses_what_the_file_could_not_have(built, value):
    made = built(params={"train.epochs": EPOCHS})
    params = copy(made.params)
    params["train.epochs"] = 3

    with pytest.raises(ParamValidationError, match=r"train\.epochs"):
        params["train.epochs"] = value

    assert params["train.epochs"] == 3
    assert made.params.get_param("train.epochs").description == "How often."


def test_a_search_whose_trials_stand_by_themselves_fans_out(built):
    stages = tuple(
        Stage(name, f"{name}@digits", trials=(0, 1, 2) if name == "tune" else ()) for name in STAGES
    )

    made = built(stages=stages, airflow={"pools": {"tune": "gpu"}, "retries": 2})

    parts = made.get_task("tune.trial")
    assert parts.is_mapped
    assert parts.expand_input.value == {"number": [0, 1, 2]}
    assert (parts.upstream_task_ids, parts.downstream_task_ids) == ({"ingest"}, {"tune"})
    assert made.get_task("tune").upstream_task_ids == {"ingest", "tune.trial"}
    assert (parts.pool, parts.retries) == ("gpu", 2)
    assert "tune.trial" not in built().task_ids


def test_mistakes_are_a_dag_with_one_task_that_fails_with_them(tmp_path):
    text = "pipelines/a.yaml:3: x\n```\n{{ 1 }} </script>"
    line = Line("x y", mistakes=text, airflow={"schedule": {"cron": "@daily"}})

    made = broken(line, tmp_path)

    (task,) = made.tasks
    assert (made.dag_id, task.task_id, made.catchup) == ("x_y", "mistakes", False)
    assert made.tags == {"millrace", "mistakes"}
    assert made.doc_md == f"**This has mistakes**\n\n````text\n{text}\n````"
    assert made.schedule == CronTriggerTimetable("0 0 * * *", timezone="UTC")
    assert task.retries == 0
    with pytest.raises(AirflowFailException) as failed:
        task.execute({})
    assert str(failed.value) == text


def test_an_executor_that_there_is_not_is_the_mistake_of_its_line(refused):
    assert refused(airflow={"executor": {"train": "CeleryExecutor"}}) == (
        "pipelines/digits.yaml:2: Airflow does not take it: the executor 'CeleryExecutor' of train "
        "is not one of Airflow's [core] executor"
    )


def test_a_timetable_that_no_plugin_has_is_the_mistake_of_its_line(refused, monkeypatch):
    module = ModuleType("own_times")
    module.Own = type("Own", (Timetable,), {"__module__": "own_times"})
    monkeypatch.setitem(sys.modules, "own_times", module)
    schedule = {"timetable": "own_times:Own", "arguments": {}}

    message = refused(schedule=schedule)

    assert message.startswith("pipelines/digits.yaml:2: Airflow does not take it: Timetable class ")
    assert "'own_times.Own' is not registered" in message


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        (
            {"timetable": "no_such_module:Own", "arguments": {}},
            "No module named 'no_such_module'",
        ),
        (
            {"timetable": "airflow.sdk:CronTriggerTimetable", "arguments": {"cron": "@daily"}},
            "CronTriggerTimetable.__init__() got an unexpected keyword argument 'cron'",
        ),
        ({"cron": "61 * * * *"}, "[61 * * * *] is not acceptable, out of range"),
    ],
)
def test_a_schedule_that_airflow_refuses_is_the_mistake_of_its_line(refused, schedule, message):
    assert message in refused(schedule=schedule)


def test_two_tasks_of_one_name_are_the_mistake_of_their_line(refused):
    message = refused(stages=(Stage("a", "a"), Stage("a", "b")), edges=())

    assert message.startswith("pipelines/digits.yaml:2: Airflow does not take it: Task id 'a' ")


def test_a_name_that_airflow_refuses_is_the_mistake_of_its_line(refused):
    assert "Airflow does not take it: " in refused(stages=(Stage("x y", "a"),), edges=())


def test_a_circle_is_the_mistake_of_its_line(refused):
    stages = (Stage("a", "a"), Stage("b", "b"))

    assert "Cycle" in refused(stages=stages, edges=(("a", "b"), ("b", "a")))


def test_a_pod_without_kubernetes_says_what_to_install(refused, monkeypatch):
    monkeypatch.setitem(sys.modules, "kubernetes", None)

    assert refused(airflow={"executor_config": {"train": {"gpu": 1}}}) == (
        "pipelines/digits.yaml:2: Airflow does not take it: executor_config needs Kubernetes's "
        "client: pip install apache-airflow-providers-cncf-kubernetes"
    )
