"""Sections that are found by a name: tasks, sources, architectures, learners, compressors.

`segmentation` is the package `components.tasks.segmentation`, whose section says what may be set;
`package.module:Class` is one of the user's own. The package loads no framework: what it does is in
parts beside it, which are imported when they are needed, and which are what a stage depends on.
There is no list of names: a new package is found.
"""

import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from inspect import cleandoc
from typing import Any, ClassVar, get_args

from pydantic import (
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PydanticUserError,
    create_model,
)
from pydantic_core import CoreSchema, core_schema

from components.base.words import reason
from components.config.lookup import check_module, near, source_file, with_colon
from components.config.section import OWN, Section, mistake


class Extension(Section):
    """A section that is found by its name."""

    parts: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """By module beside the section: the methods whose work it does. A class of one's own may have
    such methods itself instead."""

    @classmethod
    def part(cls, name: str) -> Any:
        """A module beside the one of this section, with what it does: `learn`, `measure`, ...

        Raises:
            ModuleNotFoundError: There is none; the class must do it itself.
        """
        return import_module(cls.module_of(name) or f"{cls.__module__}.{name}")

    @classmethod
    def module_of(cls, part: str) -> str | None:
        """A module beside the one of this section, or of the nearest that it is derived from."""
        beside = (f"{one.__module__}.{part}" for one in cls.__mro__ if issubclass(one, Extension))
        return next(filter(source_file, beside), None)

    @classmethod
    def lacking(cls) -> list[str]:
        """What a class must have to be used, and this one has not."""
        bases = [one for one in cls.__mro__ if one.__module__.startswith("components.config.")]
        declared = {name for one in bases for name in getattr(one, "__class_vars__", ())}
        needed = {
            method
            for part, methods in cls.parts.items()
            if cls.module_of(part) is None
            for method in methods
            if any(getattr(cls, method) == getattr(one, method, None) for one in bases)
        }
        missing = {name for name in declared if not hasattr(cls, name)}
        return sorted({*missing, *needed, *getattr(cls, "__abstractmethods__", ())})


@dataclass(frozen=True)
class Home:
    """Where the sections of a kind are.

    Used as an annotation of the field that holds one: `Annotated[Task, Home(...)]`.

    Args:
        package: The package whose modules are the names.
        kind: What a name stands for, for messages: "task".
        key: The key that has the name, of settings that stand beside it (`source: table`); None
            where they stand below it (`classification: {...}`).
        base: What every section is a subclass of.
        own: How a name with a colon is read, where that is no class.
        such_as: A name, for messages.
    """

    package: str
    kind: str
    base: type[Extension]
    key: str | None = None
    own: type[Extension] | None = None
    such_as: str = ""

    def names(self) -> list[str]:
        """Those that there are."""
        found = pkgutil.iter_modules(import_module(self.package).__path__)
        return sorted(one.name for one in found if one.ispkg)

    def find(self, name: str) -> type[Extension]:
        """The section of a name.

        Raises:
            LookupError: There is none, or its module cannot be imported.
        """
        if ":" in name:
            return self.own or self._of_user(name)
        head = name.partition(".")[0]  # `sklearn.datasets.load_digits` is one of `sklearn`
        if head not in self.names() or name not in self._spelt(head):
            known = [one for each in self.names() for one in self._spelt(each)]
            hint = near(name, known) or with_colon(name) or f"; there are {', '.join(known)}"
            raise LookupError(f"no {self.kind} '{name}'{hint}")
        return self._section_of(head)

    def _spelt(self, head: str) -> tuple[str, ...]:
        """How files name what a package has; nearly always as the package."""
        field = self._section_of(head).model_fields.get(self.key or "")
        return (get_args(field.annotation) if field else ()) or (head,)

    def _section_of(self, head: str) -> type[Extension]:
        module = import_module(f"{self.package}.{head}")
        return next(
            one
            for one in vars(module).values()
            if isinstance(one, type)
            and issubclass(one, self.base)
            and one.__module__ == module.__name__
        )

    def _of_user(self, name: str) -> type[Extension]:
        module, _, attribute = name.partition(":")
        check_module(module)
        try:
            there = vars(import_module(module))
        except (Exception, SystemExit) as error:  # whatever its code raises
            raise LookupError(f"{module}: cannot be imported: {reason(error)}") from None
        if (found := there.get(attribute)) is None:
            known = [one for one in there if not one.startswith("_")]
            raise LookupError(f"no {self.kind} '{attribute}' in {module}{near(attribute, known)}")
        if not isinstance(found, type) or not issubclass(found, self.base):
            what = f"{self.base.__module__}.{self.base.__name__}"
            raise LookupError(f"{name} is no {self.kind}: no class derived from {what}")
        if missing := found.lacking():
            raise LookupError(f"{name} lacks {', '.join(missing)}")
        try:
            found.model_rebuild()
        except (PydanticUserError, NameError) as error:  # an annotation that means nothing
            raise LookupError(f"{name} cannot be used: {reason(error)}") from None
        return found

    def validate(self, value: Any) -> Extension:
        """The section of what stands in the file."""
        if isinstance(value, self.base):
            return value
        return self._beside(value) if self.key else self._below(value)

    def section(self, value: Any) -> tuple[type[Extension] | None, Any]:
        """The section that a value asks for, and its settings; None where it asks for none."""
        try:
            if self.key:
                return self.find(value[self.key]), value
            name, settings = _pair(value)
            return self.find(name), settings
        except (LookupError, TypeError, ValueError, AttributeError):
            return None, None

    def _beside(self, value: Any) -> Extension:
        assert self.key is not None  # noqa: S101
        if not isinstance(value, Mapping):
            raise mistake("must be a mapping")
        name = value.get(self.key)
        if name is None:
            raise mistake(f"missing; such as '{self.such_as}'", self.key)
        try:
            section = self.find(str(name))
        except LookupError as error:
            raise mistake(str(error), self.key) from None
        return section.model_validate(value)

    def _below(self, value: Any) -> Extension:
        try:
            name, settings = _pair(value)
        except ValueError:
            raise mistake(
                f"must be the name of one {self.kind}, or one name with its settings"
            ) from None
        try:
            section = self.find(name)
        except LookupError as error:
            raise mistake(str(error)) from None
        # As a field of that name, which the place of a mistake then has.
        wrapped = create_model("Wrapped", section=(section, Field(alias=name)))
        return wrapped.model_validate({name: settings}).section  # type: ignore[attr-defined,no-any-return]

    def __get_pydantic_core_schema__(self, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.validate,
            serialization=core_schema.plain_serializer_function_ser_schema(self.dump),
        )

    def dump(self, value: Extension) -> Any:
        """As it stands in a file, with every default."""
        settings = value.model_dump(mode="json", by_alias=True)
        return settings if self.key else {self.name(value): settings}

    def name(self, value: Extension) -> str:
        """The name that a section was found by."""
        module = type(value).__module__
        if module.startswith(f"{self.package}."):
            return module.rpartition(".")[2]
        return f"{module}:{type(value).__name__}"

    def __get_pydantic_json_schema__(
        self, _: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        schemas = {
            name: dict(handler.resolve_ref_schema(handler(section.__pydantic_core_schema__)))
            for name, section in ((name, self._section_of(name)) for name in self.names())
        }
        base = f"`{self.base.__module__}.{self.base.__name__}`"
        left = ", ".join(f"`{name}`" for name in self.base.lacking())
        what = f"`package.module:Class`, derived from {base}, whose docstrings say what it needs"
        contract = cleandoc(self.base.__doc__ or "").partition("\n\n")[2]
        own = {"title": "Own", "description": f"{what}: {left}.\n\n{contract}".strip()}
        if self.key:
            return {"anyOf": [*self._named(schemas), self._of_own(own, handler)]}
        settings = {name: {**one, "type": ["object", "null"]} for name, one in schemas.items()}
        return {
            "anyOf": [
                {"type": "string", "enum": sorted(schemas)},
                {"type": "string", "pattern": OWN},
                {
                    "type": "object",
                    "minProperties": 1,
                    "maxProperties": 1,
                    "properties": settings,
                    "patternProperties": {OWN: {"type": ["object", "null"], **own}},
                    "additionalProperties": False,
                },
            ]
        }

    def _named(self, schemas: Mapping[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The schemas of sections, each with how the key names it."""
        for name, schema in schemas.items():
            said = schema["properties"][self.key]
            if "const" not in said and "enum" not in said:
                said = {**said, "const": name}
            yield {**schema, "properties": {**schema["properties"], self.key: said}}

    def _of_own(self, own: dict[str, Any], handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The schema of what is named with a colon."""
        schema = {"type": "object", "required": [self.key], "properties": {self.key: {}}, **own}
        if self.own:
            schema = dict(handler.resolve_ref_schema(handler(self.own.__pydantic_core_schema__)))
        said = {"type": "string", **schema["properties"][self.key], "pattern": OWN}
        return {**schema, "properties": {**schema["properties"], self.key: said}}


def home(annotation: Any) -> Home:
    """Where the sections of an annotated field are."""
    return next(one for one in annotation.__metadata__ if isinstance(one, Home))


def _pair(value: Any) -> tuple[str, Any]:
    """A name and its settings: `name`, or `name: {...}`."""
    if isinstance(value, str):
        return value, {}
    if isinstance(value, Mapping) and len(value) == 1:
        ((name, settings),) = value.items()
        if isinstance(name, str):
            return name, {} if settings is None else settings
    raise ValueError(value)
