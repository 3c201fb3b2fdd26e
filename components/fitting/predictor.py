"""A trained model, as evaluate, compress and register know it."""

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from numpy.typing import NDArray

from components.base.errors import Stop
from components.base.files import read_json, write_json
from components.config.lookup import source_file
from components.config.train import Learner
from components.data.dataset import Split

FILE = "predictor.json"
BASELINE = "baseline"  # the folder, in that of a trained model, of what it is compared with


class Predictor(Protocol):
    """Answers for raw examples."""

    def predict(self, split: Split) -> NDArray[Any]:
        """The outputs, `(n, ...)`, for the raw examples of a split."""
        ...


def describe(home: str, folder: Path) -> None:
    """Says in a folder which learner's predictor is in it.

    Args:
        home: The package of the learner, with `predictor` and `registered` in it, or the module.
        folder: Of the trained model.
    """
    write_json({"home": home}, folder / FILE)


def load(folder: Path) -> Predictor:
    """The predictor of a trained model."""
    return _part(folder, "predictor").load(folder)  # type: ignore[no-any-return]


def package(trained: Path, examples: Split, folder: Path) -> None:
    """Writes an MLflow model that needs none of our code, with a signature.

    Args:
        trained: The folder of the trained model.
        examples: A few raw examples.
        folder: Does not exist yet.
    """
    _part(trained, "registered").package(trained, examples, folder)
    write_json(read_json(trained / FILE), folder / FILE)


def open_registered(folder: Path) -> Predictor:
    """The predictor in the folder of an MLflow model; no code of that folder is run."""
    return _part(folder, "registered").load(folder)  # type: ignore[no-any-return]


def _part(folder: Path, name: str) -> ModuleType:
    home = read_json(folder / FILE)["home"]
    # What is imported is run, and a model may come from a server.
    if home.partition(".")[0] not in _own() and not home.startswith("components.fitting."):
        raise Stop(
            f"{folder / FILE}: it is of {home}, which is no learner of the pipeline file; "
            "name that learner in it, or train the model anew"
        )
    part = f"{home}.{name}"
    return import_module(part if source_file(part) else home)


def _own() -> set[str]:
    """The packages of the learners that the pipeline file has named, and so imported."""
    found, waiting = set(), [Learner]
    while waiting:
        waiting += (one := waiting.pop()).__subclasses__()
        found.add(one.__module__.partition(".")[0])
    return found - {"components"}
