"""What starts a run of a pipeline under Airflow: `airflow.schedule` of a pipeline file."""

from collections.abc import Mapping
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from croniter import croniter
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from components.config.lookup import Definition, ancestry, find, near, parameters
from components.config.section import OWN, Section, mistake

RECURRING = ("@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly")
"""Airflow's names for cron expressions."""
PRESETS = ("@once", "@continuous", *RECURRING)
"""Airflow's names for schedules."""


def one_line(value: str) -> str:
    """Text that a page or a log shows as it is: no end of line, nothing that cannot be seen."""
    if not value.isprintable() or value != value.strip():
        raise ValueError("must be one line of text without blanks around it")
    return value


def _is_cron(value: str) -> str:
    if value not in PRESETS and not croniter.is_valid(value):
        raise ValueError(
            f"'{value}' is neither a cron expression, such as '0 3 * * *', nor one of "
            f"{', '.join(PRESETS)}"
        )
    return value


def _recurs(value: str) -> str:
    if value in PRESETS and value not in RECURRING:
        raise ValueError(f"must recur, such as '@daily'; {value} does not")
    return value


def _is_asset(value: str) -> str:
    """Refuses what Airflow would, and a password, which Airflow would drop with a warning."""
    try:
        parts = urlsplit(value)
    except ValueError as error:
        raise ValueError(f"is no address: {error}") from None
    if parts.scheme == "airflow":
        raise ValueError("addresses that begin with airflow: are Airflow's own")
    if parts.scheme == "millrace" and parts.path == "/ready":
        raise ValueError("is what `ready: true` of that pipeline waits for, and no other can")
    if parts.password is not None:
        raise ValueError("must be without a password; a connection of Airflow's has it")
    return value


Cron = Annotated[str, Field(max_length=200), AfterValidator(_is_cron)]
Asset = Annotated[
    str, Field(min_length=1, max_length=1500), AfterValidator(one_line), AfterValidator(_is_asset)
]


class Schedule(Section):
    """What starts a run: a clock, new versions, or a timetable. Text alone is a `cron`."""

    cron: Cron | None = None
    """A cron expression or a preset, in `airflow.timezone`."""
    assets: tuple[Asset, ...] = ()
    """Names or addresses of Airflow's assets, such as a data set or a base model; a run starts
    when there is a new version of each."""
    ready: bool = False
    """A run starts when the file `NAME.ready` lies beside the folder `NAME` of raw data in
    `MILLRACE_SOURCES`; whoever brings new data makes it when all of them are there, and Airflow
    removes it. With `assets`, each of them must be new as well."""
    or_cron: Annotated[Cron, AfterValidator(_recurs)] | None = None
    """With `assets` or `ready`: a cron expression or a preset, at which a run starts in any
    case."""
    timetable: Annotated[str, Field(pattern=OWN)] | None = None
    """A timetable class, `package.module:Class`; one's own must be known to Airflow by a plugin."""
    arguments: dict[str, Any] = {}
    """With `timetable`: its keyword arguments."""

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        is_of_assets = bool(self.assets) or self.ready
        if sum([self.cron is not None, is_of_assets, self.timetable is not None]) != 1:
            raise ValueError("must be a cron expression, or one of cron, assets, ready, timetable")
        if self.or_cron is not None and not is_of_assets:
            raise mistake("goes with assets or ready", "or_cron")
        if self.arguments and self.timetable is None:
            raise mistake("go with a timetable", "arguments")
        return self

    @model_validator(mode="after")
    def _is_timetable(self) -> Self:
        if self.timetable is None:
            return self
        try:
            definition = find(self.timetable, (), "timetable")
        except LookupError as error:
            raise mistake(str(error), "timetable") from None
        if ancestry(definition).isdisjoint({"BaseTimetable", "Timetable"}):
            raise mistake("is no timetable: not derived from Airflow's Timetable", "timetable")
        self._check_arguments(definition)
        return self

    def _check_arguments(self, definition: Definition) -> None:
        taken, name = parameters(definition), definition.name
        for argument in self.arguments:
            if argument not in taken.names and not taken.is_open:
                hint = near(argument, taken.names) or f"; it takes {', '.join(taken.names)}"
                raise mistake(f"{name} has no argument '{argument}'{hint}", "arguments", argument)
        if missing := sorted(taken.required - set(self.arguments)):
            raise mistake(f"{name} needs {' and '.join(missing)}", "timetable")

    @property
    def is_timed(self) -> bool:
        """Whether its runs have dates that can be caught up with."""
        return self.timetable is not None or bool(self.cron and self.cron not in PRESETS[:2])


def _text_is_cron(value: object) -> object:
    return value if isinstance(value, Mapping | Schedule) else {"cron": value}


When = Annotated[Schedule, BeforeValidator(_text_is_cron, json_schema_input_type=str | Schedule)]
"""A schedule, or its cron expression alone."""
