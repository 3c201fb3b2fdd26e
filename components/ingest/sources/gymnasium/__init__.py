"""An environment of Gymnasium, whose seeds are the examples."""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import model_validator

from components.config.ingest import Source, Split
from components.config.section import Kind, PositiveInt, Section, kind, mistake


class Seeds(Section):
    """How many episodes each split has."""

    train: PositiveInt = 1000
    """Episodes that are learned from, over and over."""
    validation: PositiveInt = 20
    """Episodes that say which network is kept."""
    test: PositiveInt = 100
    """Episodes that are looked at once, to measure."""


class Gymnasium(Source):
    """An environment: an example is a seed, and so an episode."""

    source: Literal["gymnasium"]
    """Gymnasium (Farama)."""
    id: str
    """A name in its registry, such as `CartPole-v1`."""
    seeds: Seeds = Seeds()
    """How many each split has; no seed is in two."""
    split: Split = Split(by="given")
    """As `seeds` says."""

    @model_validator(mode="after")
    def _is_given(self) -> Self:
        if self.split.by != "given":
            raise mistake("the splits of an environment are its seeds; leave it out", "split")
        return self

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """One column."""
        return {"seed": kind("Seed", environment=self.id)}
