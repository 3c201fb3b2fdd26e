"""A whole pipeline file, typed and checked. Loads no framework, and no stage depends on it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, Self, get_args

from pydantic import Field, NonNegativeInt, ValidationError, model_validator
from pydantic_core import ErrorDetails

from components.augment.config import Config as Augment
from components.compress.config import Config as Compress
from components.document import Document
from components.errors import Location, Mistakes, Problem
from components.evaluate.config import Config as Evaluate
from components.ingest.config import Config as Ingest
from components.lookup import near
from components.models.config import Config as Model
from components.overrides import apply, samples
from components.preprocess.config import Config as Preprocess
from components.register.config import Config as Register
from components.section import Section
from components.tasks.config import Config as Task
from components.tasks.rules import problems as section_problems
from components.train.config import Config as Train
from components.tune.config import Config as Tune
from components.validate.config import Config as Validate

SUCH_AS = {"source": "image_folder", "architecture": "resnet"}

StageName = Literal[
    "ingest",
    "validate",
    "preprocess",
    "augment",
    "tune",
    "train",
    "evaluate",
    "compress",
    "register",
]


class Airflow(Section):
    """When and how Airflow runs the pipeline; a stage never reads it."""

    schedule: str | None = None
    """A cron expression or preset (`@daily`); left out, only by hand."""
    retries: NonNegativeInt = 0
    """How often a failed task is tried again."""
    pools: dict[StageName, str] = {}
    """Airflow pool of a stage's task, such as one slot for each GPU."""


class Pipeline(Section):
    """One pipeline, from raw data to a registered model."""

    description: str
    """What it learns, from what, and how long that takes."""
    task: Task
    airflow: Airflow = Airflow()
    ingest: Ingest
    validation: Validate = Field(alias="validate")
    preprocess: Preprocess
    augment: Augment
    model: Model
    tune: Tune
    train: Train
    evaluate: Evaluate
    compress: Compress
    registration: Register = Field(alias="register")

    @model_validator(mode="before")
    @classmethod
    def _empty_sections(cls, value: Any) -> Any:
        """`tune:` with nothing behind it is an empty section, as in `tune: {}`."""
        return {key: {} if part is None else part for key, part in value.items()}

    @model_validator(mode="after")
    def _sections_agree(self) -> Self:
        problems = section_problems(
            self.task, self.preprocess, self.augment, self.model, self.train
        )
        if problems:
            raise Mistakes(problems)
        return self


def load(path: Path) -> Pipeline:
    """Reads and checks a pipeline file.

    Raises:
        Invalid: The file has mistakes; the message has a line for each.
    """
    return parse(Document(path))


def parse(document: Document) -> Pipeline:
    """Checks a pipeline file that was read before; `Invalid` as for `load`."""
    try:
        pipeline = Pipeline.model_validate(document.data)
        problems = _space_problems(document.data, pipeline)
    except ValidationError as error:
        problems = [_problem(details) for details in error.errors()]
    except Mistakes as error:
        problems = list(error.problems)
    if problems:
        raise document.locate(problems)
    return pipeline


def _space_problems(data: Mapping[str, Any], pipeline: Pipeline) -> list[Problem]:
    """What is wrong with the search space: keys and values that the file could not have."""
    return [
        Problem(("tune", "space", key), f"with the value {value!r}: {message}")
        for key, distribution in pipeline.tune.space.items()
        for value in samples(distribution)
        for message in _messages(apply(data, {key: value}))
    ]


def _messages(data: Mapping[str, Any]) -> Iterator[str]:
    try:
        Pipeline.model_validate(data)
    except ValidationError as error:
        yield from (_problem(details).message for details in error.errors())
    except Mistakes as error:
        yield from (problem.message for problem in error.problems)


def _problem(details: ErrorDetails) -> Problem:
    """A pydantic error in the words of the YAML."""
    location: Location = details["loc"]
    context = details.get("ctx", {})
    kind = details["type"]
    if kind == "missing":
        return Problem(location, _missing(location))
    if kind == "extra_forbidden":
        return Problem(location, f"unknown key{_nearest_key(location)}")
    if kind == "named":
        return Problem((*location, *context["inside"]), context["message"])
    if kind == "value_error":
        return Problem(location, str(context["error"]))
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _unknown_member(location, context)
    message = details["msg"].removeprefix("Input should be ").removeprefix("Value should be ")
    given = details["input"]
    shown = f", is {given!r}" if isinstance(given, str | int | float | bool | None) else ""
    return Problem(location, f"must be {message}{shown}")


def _unknown_member(location: Location, context: Mapping[str, Any]) -> Problem:
    """A section of several forms, whose key that says which names none of them."""
    key = "source" if "source" in context["discriminator"] else "architecture"
    if "tag" not in context:
        return Problem((*location, key), f"missing; such as '{SUCH_AS[key]}'")
    known = [name.strip("'") for name in context["expected_tags"].split(", ")]
    known = [name for name in known if name != "custom"]
    hint = near(context["tag"], known) or f"; there are {', '.join(known)}"
    return Problem((*location, key), f"no {key} '{context['tag']}'{hint}")


def _missing(location: Location) -> str:
    if len(location) == 1 and location[0] in get_args(StageName):
        return f"missing section; '{location[0]}: {{}}' where it has nothing to say"
    return "missing"


def _nearest_key(location: Location) -> str:
    """The nearest key that the section of an unknown key does have."""
    known = keys(location[:-1])
    return near(str(location[-1]), known) or (f"; there are {', '.join(known)}" if known else "")


def keys(location: Location) -> list[str]:
    """The keys that the JSON Schema allows at a place of the file."""
    schema = Pipeline.model_json_schema(by_alias=True)
    definitions = schema.get("$defs", {})
    here: list[dict[str, Any]] = [schema]
    for part in location:
        here = [child for node in here for child in _children(node, part, definitions)]
    return [key for node in here for key in node.get("properties", {})]


def _children(
    node: dict[str, Any], part: str | int, definitions: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    if isinstance(part, int):
        yield from _members(node.get("items", {}), definitions)
    elif part in node.get("properties", {}):
        yield from _members(node["properties"][part], definitions)
    elif part in _tags(node):
        yield node  # the tag of a union, whose members are here already


def _tags(node: dict[str, Any]) -> Iterator[str]:
    """What the key says that chooses this member of a union."""
    yield str(node.get("title")).lower()
    said = node.get("properties", {}).get("source", {})
    yield from [said["const"]] if "const" in said else said.get("enum", [])


def _members(node: dict[str, Any], definitions: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "$ref" in node:
        node = definitions[node["$ref"].rpartition("/")[2]]
    members = node.get("anyOf", node.get("oneOf"))
    if members is None:
        yield node
    for member in members or []:
        yield from _members(member, definitions)
