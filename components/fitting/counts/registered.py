"""A back-off model as MLflow keeps it."""

from importlib.metadata import version
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

import mlflow.pyfunc
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

from components.data.dataset import Split
from components.fitting.counts import predictor, pyfunc_code
from components.fitting.counts.predictor import NgramPredictor
from components.fitting.mlflow_files import forget
from components.fitting.pyfunc import unseen

FILES = ("model.arpa", "tokens.json")
OUTPUTS = (("double", "log10_probability"), ("long", "tokens"), ("long", "unknown"))


def package(trained: Path, examples: Split, folder: Path) -> None:
    """Saves a model of raw texts, with its signature and an input example.

    Args:
        trained: The folder of the trained model.
        examples: A few raw texts.
        folder: Does not exist yet.
    """
    with TemporaryDirectory() as scratch:
        made = Path(scratch, "model")
        made.mkdir()
        for name in FILES:
            copyfile(trained / name, made / name)
        with unseen():
            mlflow.pyfunc.save_model(
                str(folder),
                python_model=str(pyfunc_code.__file__),
                artifacts={"model": str(made)},
                signature=ModelSignature(
                    Schema([ColSpec("string", "text")]),
                    Schema([ColSpec(kind, name) for kind, name in OUTPUTS]),
                ),
                input_example=pd.DataFrame({"text": list(examples.input)}),
                pip_requirements=[
                    f"{one}=={version(one)}" for one in ("mlflow", "numpy", "pandas")
                ],
            )
    forget(folder)


def load(folder: Path) -> NgramPredictor:
    """The model in the folder of an MLflow model; no code of that folder is run."""
    return predictor.load(folder / "artifacts" / "model")
