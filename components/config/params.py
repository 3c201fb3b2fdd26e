"""params.yaml: what holds for every pipeline. Loads no framework.

Its values reach no shell: dvc.yaml builds commands from the names of pipelines alone, and those are
checked here before anything depends on them (`components.fingerprint`).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, ValidationError

from components.base.errors import Problem
from components.config.document import Document
from components.config.lookup import near
from components.config.problems import problems
from components.config.section import Section

NAME = r"^[a-z0-9][a-z0-9_-]*$"
"""Narrower than Airflow's rule for the name of a DAG, which a pipeline's is."""
LONGEST = 100
"""Characters of a name; with a stage's, what Airflow, MLflow and a file's name have room for."""

Backend = Literal["tensorflow", "jax"]


def _once(names: Sequence[str]) -> Sequence[str]:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{', '.join(twice)} stands in it twice")
    return names


class Params(Section):
    """What holds for every pipeline."""

    pipelines: Annotated[
        tuple[Annotated[str, Field(pattern=NAME, max_length=LONGEST)], ...],
        Field(min_length=1),
        AfterValidator(_once),
    ]
    """The active ones, each a file `pipelines/NAME.yaml`: small letters, digits, `_` and `-`."""
    seed: Annotated[int, Field(strict=True, ge=0, lt=2**32)] = 0
    """Of the split, the shuffling, the initial weights and the augmentation."""
    backend: Backend = "tensorflow"
    """What Keras runs on."""
    dask: Annotated[str, Field(pattern=r"^(tcp|tls|ucx|ws|wss)://[^\s/]+$")] | None = None
    """Address of a Dask scheduler, such as `tcp://127.0.0.1:8786`; empty: this machine alone."""

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads and checks the file, and that every active pipeline has one.

        Raises:
            Invalid: The file has mistakes; the message has a line for each.
        """
        document = Document(path)
        try:
            params = cls.model_validate(document.data)
        except ValidationError as error:
            raise document.locate(problems(error, cls, document.data)) from None
        if missing := list(_missing(params.pipelines, path.parent / "pipelines")):
            raise document.locate(missing)
        return params


def _missing(names: Sequence[str], folder: Path) -> list[Problem]:
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    there = f"; there are {', '.join(known)}"
    return [
        Problem(
            ("pipelines", position), f"no file {folder / name}.yaml{near(name, known) or there}"
        )
        for position, name in enumerate(names)
        if name not in known
    ]
