"""The `task` key of a pipeline file."""

from typing import Annotated, Literal

from pydantic import BeforeValidator

from components.config.section import Section

Flips = Literal["none", "horizontal", "vertical", "horizontal_and_vertical"]


class Classification(Section):
    """One label out of several for every example."""

    label_preserving_flips: Flips = "horizontal_and_vertical"
    """Flips that leave the label right (`keras.layers.RandomFlip` modes); `none` where left and
    right, and up and down, matter, as in writing."""


class Task(Section):
    """What is learned; exactly one."""

    classification: Classification


Config = Annotated[
    Task,
    BeforeValidator(
        lambda value: {value: {}} if isinstance(value, str) else value,
        json_schema_input_type=Literal["classification"] | Task,
    ),
]
"""A task by name, or by name with its settings."""
