"""The `airflow` section: what it takes, and every mistake in it with its whole message."""

import datetime
import sys

import pytest

from components.base.errors import Invalid
from components.config.airflow import Airflow
from components.config.pipeline import load

LINE = 'airflow: {schedule: "@daily", retries: 2, pools: {train: gpu}}'
PRESETS = "@once, @continuous, @hourly, @daily, @weekly, @monthly, @quarterly, @yearly"
NO_CRON = f"is neither a cron expression, such as '0 3 * * *', nor one of {PRESETS}"
STAGES = (
    "must be 'ingest', 'validate', 'preprocess', 'augment', 'tune', 'train', 'evaluate', "
    "'compress', 'package' or 'register'"
)
ONE_LINE = "must be one line of text without blanks around it"
NO_ADDRESS = (
    "airflow.webhook.on_failure: must be the name of an environment variable that has the address, "
    "such as ALERT_WEBHOOK; the address is a secret and does not belong in this file"
)
DATA_INTERVAL = "airflow.timetables.interval:CronDataIntervalTimetable"


@pytest.fixture
def read(edited):
    """The section of the digits file with another one."""
    return lambda section: load(edited((LINE, f"airflow: {section}"))).airflow


@pytest.fixture
def mistake(edited):
    """The message about the digits file with another section, less the name of the file."""

    def said(section: str) -> str:
        path = edited((LINE, f"airflow: {section}"))
        with pytest.raises(Invalid) as caught:
            load(path)
        return str(caught.value).replace(f"{path}:", "")

    return said


def test_a_pipeline_without_the_section_runs_by_hand(read):
    section = read("{}")

    assert section == Airflow()
    assert section.schedule is None
    assert (section.timezone, section.catchup, section.approval) == ("UTC", False, False)


def test_every_setting_is_typed(read):
    section = read(
        "{schedule: '0 3 * * *', timezone: Europe/Berlin, start_date: 2026-01-31, "
        "max_active_runs: 2, retries: 3, retry_delay_seconds: 5, max_retry_delay_seconds: 60, "
        "execution_timeout_minutes: {train: 90}, deadline_minutes: 600, pools: {train: gpu}, "
        "priority: {train: -5}, queue: {train: gpu.large}, executor: {train: KubernetesExecutor}, "
        "executor_config: {train: {gpu: 1, cpu: 0.5, memory_gib: 16, image: 'host:5000/a/b:gpu'}}, "
        "owner: Vision team, tags: [images, nightly], email: {on_failure: [a.b+c@example.com]}, "
        "webhook: {on_failure: ALERT_WEBHOOK}, approval: true}"
    )

    assert section.schedule.cron == "0 3 * * *"
    assert section.start_date == datetime.date(2026, 1, 31)
    assert section.execution_timeout_minutes == {"train": 90}
    assert dict(section.executor_config["train"]) == {
        "gpu": 1,
        "cpu": 0.5,
        "memory_gib": 16,
        "image": "host:5000/a/b:gpu",
    }
    assert section.email.on_failure == ("a.b+c@example.com",)
    assert section.webhook.on_failure == "ALERT_WEBHOOK"
    assert section.tags == ("images", "nightly")


def test_a_schedule_may_be_assets_a_timetable_or_none(read):
    assets = read("{schedule: {assets: [s3://data/photos, base model], or_cron: '@weekly'}}")
    timetable = read(
        f"{{schedule: {{timetable: '{DATA_INTERVAL}', "
        "arguments: {cron: '@daily', timezone: UTC}}}"
    )

    assert assets.schedule.assets == ("s3://data/photos", "base model")
    assert assets.schedule.or_cron == "@weekly"
    assert timetable.schedule.arguments == {"cron": "@daily", "timezone": "UTC"}
    assert read("{schedule: }").schedule is None
    assert read("{schedule: {cron: '@daily'}}") == read("{schedule: '@daily'}")


def test_a_date_may_be_text(read):
    assert read("{start_date: '2026-01-31'}") == read("{start_date: 2026-01-31}")


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("{schedule: tuesdays}", f"schedule: 'tuesdays' {NO_CRON}"),
        ("{schedule: 5}", "schedule: must be text, is 5"),
        ("{schedule: [a]}", "schedule: must be text"),
        (
            "{schedule: {}}",
            "schedule: must be a cron expression, or one of cron, assets, ready, timetable",
        ),
        (
            "{schedule: {assets: [a], cron: '@daily'}}",
            "schedule: must be a cron expression, or one of cron, assets, ready, timetable",
        ),
        ("{schedule: {asets: [a]}}", "schedule.asets: unknown key; did you mean 'assets'?"),
        ("{schedule: {assets: a}}", "schedule.assets: must be a list, is 'a'"),
        (
            "{schedule: {assets: [airflow://a]}}",
            "schedule.assets.0: addresses that begin with airflow: are Airflow's own",
        ),
        (
            "{schedule: {assets: ['s3://me:secret@a/b']}}",
            "schedule.assets.0: must be without a password; a connection of Airflow's has it",
        ),
        (
            "{schedule: {assets: ['http://[a']}}",
            "schedule.assets.0: is no address: Invalid IPv6 URL",
        ),
        ("{schedule: {assets: [a], or_cron: soon}}", f"schedule.or_cron: 'soon' {NO_CRON}"),
        (
            "{schedule: {assets: [a], or_cron: '@once'}}",
            "schedule.or_cron: must recur, such as '@daily'; @once does not",
        ),
        (
            "{schedule: {cron: '@daily', or_cron: '@daily'}}",
            "schedule.or_cron: goes with assets or ready",
        ),
        (
            "{schedule: {cron: '@daily', arguments: {a: 1}}}",
            "schedule.arguments: go with a timetable",
        ),
        (
            "{schedule: {timetable: Weekdays}}",
            r"schedule.timetable: must be text of the form ^[\w.]+:\w+$, is 'Weekdays'",
        ),
        ("{schedule: {timetable: 'no.where:A'}}", "schedule.timetable: no module 'no.where'"),
        (
            f"{{schedule: {{timetable: '{DATA_INTERVAL}s'}}}}",
            "schedule.timetable: no timetable 'CronDataIntervalTimetables' in "
            "airflow.timetables.interval; did you mean 'CronDataIntervalTimetable'?",
        ),
        (
            "{schedule: {timetable: 'components.config.section:Section'}}",
            "schedule.timetable: is no timetable: not derived from Airflow's Timetable",
        ),
        (
            f"{{schedule: {{timetable: '{DATA_INTERVAL}', arguments: {{corn: 1}}}}}}",
            "schedule.arguments.corn: CronDataIntervalTimetable has no argument 'corn'; "
            "did you mean 'cron'?",
        ),
        (
            f"{{schedule: {{timetable: '{DATA_INTERVAL}', arguments: {{cron: '@daily'}}}}}}",
            "schedule.timetable: CronDataIntervalTimetable needs timezone",
        ),
        (
            "{timezone: Europe/Berln}",
            "timezone: no time zone 'Europe/Berln'; did you mean 'Europe/Berlin'?",
        ),
        ("{timezone: ../etc}", "timezone: no time zone '../etc'; such as Europe/Berlin"),
        ("{timezone: Europe}", "timezone: no time zone 'Europe'; did you mean 'Europe/Rome'?"),
        ("{start_date: 20260131}", "start_date: must be a date, such as 2026-01-31, is 20260131"),
        ("{start_date: soon}", "start_date: must be a date, such as 2026-01-31, is 'soon'"),
        ("{catchup: true, schedule: '@daily'}", "catchup: needs a start_date"),
        (
            "{catchup: true, start_date: 2026-01-31, schedule: '@once'}",
            "catchup: needs a schedule by the clock, such as '@daily'",
        ),
        (
            "{catchup: true, start_date: 2026-01-31, schedule: {assets: [a]}}",
            "catchup: needs a schedule by the clock, such as '@daily'",
        ),
        (
            "{catchup: true, start_date: 2026-01-31, schedule: '@daily'}",
            "catchup: the source sklearn.datasets.load_digits cannot be backfilled: it gives what "
            "is there today, whatever the date of a run",
        ),
        (
            "{schedule: '@continuous'}",
            "max_active_runs: must be 1 with @continuous, which starts a run when the last has "
            "ended",
        ),
        ("{max_active_runs: 0}", "max_active_runs: must be greater than 0, is 0"),
        ("{retries: 1001}", "retries: must be less than or equal to 1000, is 1001"),
        ("{retry_delay_seconds: 0.5}", "retry_delay_seconds: must be a whole number, is 0.5"),
        (
            "{max_retry_delay_seconds: 90000}",
            "max_retry_delay_seconds: must be less than or equal to 86400, is 90000",
        ),
        (
            "{max_retry_delay_seconds: 10}",
            "max_retry_delay_seconds: is less than retry_delay_seconds, 30",
        ),
        (
            "{execution_timeout_minutes: {trian: 5}}",
            f"execution_timeout_minutes.trian: {STAGES}, is 'trian'",
        ),
        (
            "{execution_timeout_minutes: {train: 0}}",
            "execution_timeout_minutes.train: must be greater than 0, is 0",
        ),
        ("{execution_timeout_minutes: 5}", "execution_timeout_minutes: must be a mapping, is 5"),
        ("{deadline_minutes: -1}", "deadline_minutes: must be greater than 0, is -1"),
        ("{pools: {train: ''}}", "pools.train: must be at least 1 character long, is ''"),
        (
            f"{{pools: {{train: {'p' * 257}}}}}",
            f"pools.train: must be at most 256 characters long, is '{'p' * 99}...",
        ),
        (
            "{priority: {train: 2147483648}}",
            "priority.train: must be less than 2147483648, is 2147483648",
        ),
        ("{queue: {train: 'a,b'}}", r"queue.train: must be text of the form ^[\w.-]+$, is 'a,b'"),
        (
            "{executor: {train: 'a b'}}",
            r"executor.train: must be text of the form ^[\w.:-]+$, is 'a b'",
        ),
        (
            "{executor_config: {train: {gpus: 1}}}",
            "executor_config.train.gpus: unknown key; did you mean 'gpu'?",
        ),
        (
            "{executor_config: {train: {memory_gib: 0}}}",
            "executor_config.train.memory_gib: must be greater than 0, is 0",
        ),
        ("{owner: 'a, b'}", "owner: must be one owner; Airflow parts owners at commas"),
        (
            f"{{tags: [{'t' * 101}]}}",
            f"tags.0: must be at most 100 characters long, is '{'t' * 99}...",
        ),
        ("{tags: [' a']}", f"tags.0: {ONE_LINE}"),
        (
            "{email: {on_failure: []}}",
            "email.on_failure: must be 1 or more, is empty",
        ),
        (
            "{email: {on_failure: [nobody]}}",
            "email.on_failure.0: must be text of the form ^[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+$, "
            "is 'nobody'",
        ),
        ("{approval: perhaps}", "approval: must be true or false, is 'perhaps'"),
        ("{shedule: '@daily'}", "shedule: unknown key; did you mean 'schedule'?"),
    ],
)
def test_a_mistake_is_named_with_its_line(mistake, section, message):
    assert mistake(section) == f"5: airflow.{message}"


@pytest.mark.parametrize("name", ["https://example.com/s3cret", "alert", "1A", "A B", "7", "''"])
def test_an_address_in_place_of_its_variable_is_not_repeated(mistake, name):
    assert mistake(f"{{webhook: {{on_failure: {name}}}}}") == f"5: {NO_ADDRESS}"


HOSTILE = {
    "a quote": "a' OR '1'='1",
    "a line end": "a\nb",
    "a template": "{{ var.value.secret }}",
    "a command": "$(touch x)",
    "a control": "a\x1b[2Jb",
    "a turn": "a‮b",
    "very long": "x" * 5000,
}
TEXTS = {
    "cron": lambda text: {"schedule": text},
    "assets": lambda text: {"schedule": {"assets": [text]}},
    "timetable": lambda text: {"schedule": {"timetable": text}},
    "timezone": lambda text: {"timezone": text},
    "start_date": lambda text: {"start_date": text},
    "pools": lambda text: {"pools": {"train": text}},
    "queue": lambda text: {"queue": {"train": text}},
    "executor": lambda text: {"executor": {"train": text}},
    "image": lambda text: {"executor_config": {"train": {"image": text}}},
    "owner": lambda text: {"owner": text},
    "tags": lambda text: {"tags": [text]},
    "email": lambda text: {"email": {"on_failure": [text]}},
    "webhook": lambda text: {"webhook": {"on_failure": text}},
}
PLAIN = {
    (field, kind)
    for field in ("assets", "pools", "owner", "tags")
    for kind in ("a quote", "a template", "a command")
}
"""Names that people give: one line of any text, which nothing reads as code."""


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("field", TEXTS)
def test_hostile_text_is_refused_or_stays_text(field, kind):
    given = TEXTS[field](HOSTILE[kind])

    if (field, kind) in PLAIN:
        dumped = Airflow.model_validate(given).model_dump(mode="json", exclude_unset=True)
        assert dumped == given
    else:
        with pytest.raises(ValueError, match=field if field != "cron" else "schedule"):
            Airflow.model_validate(given)


def test_a_dated_source_of_ones_own_can_be_caught_up_with(edited, tmp_path, monkeypatch):
    (tmp_path / "days.py").write_text(
        "from datetime import date\n"
        "from own_sources import Rings\n\n\n"
        "class Days(Rings):\n"
        "    dated = True\n"
        "    date: date\n\n\n"
        "class Timeless(Rings):\n"
        "    dated = True\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "days", raising=False)
    section = "airflow: {schedule: '@daily', start_date: 2026-01-31, catchup: true}"
    source = "source: sklearn.datasets.load_digits"
    dated = edited((LINE, section), (source, "source: 'days:Days'\n  date: 2026-02-01"))

    pipeline = load(dated)

    assert pipeline.airflow.catchup
    assert pipeline.ingest.date == datetime.date(2026, 2, 1)
    with pytest.raises(Invalid, match=r"ingest\.source: days:Timeless lacks date$"):
        load(edited((LINE, section), (source, "source: 'days:Timeless'")))
