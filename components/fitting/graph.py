"""A graph of TensorFlow's as MLflow keeps it, without any of Millrace's code."""

from pathlib import Path
from typing import Any

import mlflow.tensorflow
import numpy as np
import tensorflow as tf
import yaml
from mlflow.models import ModelSignature
from mlflow.types import Schema, TensorSpec

from components.fitting.mlflow_files import forget


def save(
    module: tf.Module, given: TensorSpec, gives: TensorSpec, example: Any, folder: Path
) -> None:
    """Saves a module with its signature, an input example and what it needs to be loaded.

    The same bytes for the same module.

    Args:
        module: Its `__call__` has been traced.
        given: What it takes; -1 is any number.
        gives: What it gives.
        example: A few inputs.
        folder: Does not exist yet.
    """
    mlflow.tensorflow.save_model(
        module,
        str(folder),
        signature=ModelSignature(Schema([given]), Schema([gives])),
        input_example=example,
        pip_requirements=[f"tensorflow=={tf.__version__}", f"numpy=={np.__version__}"],
    )
    forget(folder)


def load(folder: Path) -> Any:
    """The graph that `save` has put into a folder; None where that has none.

    MLflow's own loaders may run code of the folder, this does not.
    """
    flavors = yaml.safe_load((folder / "MLmodel").read_text())["flavors"]
    if "tensorflow" not in flavors:
        return None
    return tf.saved_model.load(str(folder / flavors["tensorflow"]["saved_model_dir"]))
