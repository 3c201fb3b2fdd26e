"""The `airflow` section of a pipeline file. Loads no Airflow, and no stage reads it."""

import re
from datetime import date, datetime
from typing import Annotated, Literal, Self, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from components.base.words import yaml_of
from components.config.lookup import near
from components.config.schedule import When, one_line
from components.config.section import (
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    Section,
    mistake,
)

StageName = Literal[
    "ingest",
    "validate",
    "preprocess",
    "augment",
    "tune",
    "train",
    "evaluate",
    "compress",
    "package",
    "register",
]

VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")

Setting = TypeVar("Setting")
PerStage = dict[StageName, Setting]
"""What a stage's task gets; the tasks of other stages get what Airflow gives them."""


def _is_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # none of that name; no name; a folder of zones
        hint = near(value, sorted(available_timezones())) or "; such as Europe/Berlin"
        raise ValueError(f"no time zone '{value}'{hint}") from None
    return value


def _is_day(value: object) -> object:
    """A date as YAML has it, or as text; not a moment, and not a number of seconds."""
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        day = None
    if not isinstance(day, date) or isinstance(day, datetime):
        raise mistake(f"must be a date, such as 2026-01-31, is {yaml_of(value)}")
    return day


def _has_no_comma(value: str) -> str:
    if "," in value:
        raise ValueError("must be one owner; Airflow parts owners at commas")
    return value


def _is_variable(value: object) -> object:
    """The name of a variable; the message does not repeat what may be the secret itself."""
    if not isinstance(value, str) or not VARIABLE.fullmatch(value):
        raise mistake(
            "must be the name of an environment variable that has the address, such as "
            "ALERT_WEBHOOK; the address is a secret and does not belong in this file"
        )
    return value


Day = Annotated[date, BeforeValidator(_is_day)]
Delay = Annotated[NonNegativeInt, Field(le=86_400)]
Pool = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(one_line)]
Queue = Annotated[str, Field(pattern=r"^[\w.-]+$", max_length=256)]
Executor = Annotated[str, Field(pattern=r"^[\w.:-]+$", max_length=1000)]
Priority = Annotated[int, Field(strict=True, ge=-(2**31), lt=2**31)]
Tag = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(one_line)]
Owner = Annotated[
    str,
    Field(min_length=1, max_length=500),
    AfterValidator(one_line),
    AfterValidator(_has_no_comma),
]
Address = Annotated[str, Field(pattern=r"^[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+$", max_length=254)]
Variable = Annotated[str, BeforeValidator(_is_variable)]


class Resources(Section):
    """What the pod of a stage's task is given by Kubernetes."""

    gpu: PositiveInt | None = None
    """Graphics cards, as `nvidia.com/gpu`."""
    cpu: PositiveFloat | None = None
    """Cores; a part of one is possible."""
    memory_gib: PositiveFloat | None = None
    """Memory, in GiB."""
    image: Annotated[str, Field(pattern=r"^[a-z0-9][\w./:@-]*$", max_length=1000)] | None = None
    """The container image, such as `registry.example.com/millrace:gpu`."""


class Email(Section):
    """Who gets a mail; Airflow's `smtp` settings say how it is sent."""

    on_failure: Annotated[tuple[Address, ...], Field(min_length=1)]
    """Addresses, of a run that has failed."""


class Webhook(Section):
    """Which address is told; the address is in the environment of Airflow's workers."""

    on_failure: Variable
    """Name of the environment variable that has the address, of a run that has failed."""


class Airflow(Section):
    """When and how Airflow runs the pipeline; a stage never reads it."""

    schedule: When | None = None
    """A cron expression or preset (`@daily`), `{assets: [...]}`, or `{timetable: ...}`; left out,
    only by hand."""
    timezone: Annotated[str, AfterValidator(_is_zone)] = "UTC"
    """In which the cron expression is read, such as `Europe/Berlin`."""
    start_date: Day | None = None
    """The first day that a run can be for."""
    catchup: bool = False
    """Whether runs that are missing since `start_date` are made up for; only with a source that
    takes a date."""
    max_active_runs: PositiveInt = 4
    """Runs at the same time, each in a workspace of its own."""
    retries: Annotated[NonNegativeInt, Field(le=1000)] = 2
    """How often a failed task is tried again; a gate that says no, and a mistake, are not."""
    retry_delay_seconds: Delay = 30
    """Wait before the first retry; it doubles with each."""
    max_retry_delay_seconds: Delay = 3600
    """Longest wait."""
    execution_timeout_minutes: PerStage[PositiveInt] = {}
    """Minutes after which a stage's task is ended as failed."""
    deadline_minutes: PositiveInt | None = None
    """Minutes after which a whole run is ended as failed."""
    pools: PerStage[Pool] = {}
    """Airflow pool of a stage's task, such as one slot for each GPU."""
    priority: PerStage[Priority] = {}
    """Airflow's `priority_weight` of a stage's task; the larger comes first."""
    queue: PerStage[Queue] = {}
    """Queue of a stage's task, which Celery's workers are started for."""
    executor: PerStage[Executor] = {}
    """Executor of a stage's task, one of those in Airflow's configuration."""
    executor_config: PerStage[Resources] = {}
    """What the pod of a stage's task is given by Kubernetes."""
    owner: Owner | None = None
    """Who answers for it."""
    tags: tuple[Tag, ...] = ()
    """Words that Airflow's page finds it by."""
    email: Email | None = None
    """Who gets a mail."""
    webhook: Webhook | None = None
    """Which address is told."""
    approval: bool = False
    """Whether a person says yes on Airflow's page before the alias moves, between `package` and
    `register`."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.max_retry_delay_seconds < self.retry_delay_seconds:
            what = f"is less than retry_delay_seconds, {self.retry_delay_seconds}"
            raise mistake(what, "max_retry_delay_seconds")
        if self.schedule and self.schedule.cron == "@continuous" and self.max_active_runs > 1:
            what = "must be 1 with @continuous, which starts a run when the last has ended"
            raise mistake(what, "max_active_runs")
        if self.catchup and self.start_date is None:
            raise mistake("needs a start_date", "catchup")
        if self.catchup and not (self.schedule and self.schedule.is_timed):
            raise mistake("needs a schedule by the clock, such as '@daily'", "catchup")
        return self
