"""An MLflow model of several files that needs none of Millrace's code, the same bytes each time."""

import json
import logging
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Any

import keras
import mlflow.pyfunc
import numpy as np
import pandas as pd
import tensorflow as tf
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, TensorSpec
from mlflow.types import Schema as Given
from mlflow.types.schema import AnyType

from components.data.dataset import Split
from components.data.examples import Examples
from components.data.schema import Schema
from components.fitting import pyfunc_code
from components.fitting.mlflow_files import forget
from components.fitting.serving import Serving

logging.getLogger("mlflow.pyfunc").setLevel(logging.WARNING)  # it validates what we know

# Imported, so that the stage depends on it.
CODE = Path(str(pyfunc_code.__file__))


def save(
    model: keras.Model,
    examples: Split,
    outputs: Sequence[int | None],
    folder: Path,
    estimator: Path | None = None,
) -> None:
    """Saves a model of raw examples.

    Args:
        model: From raw examples to the output, or to what the estimator takes.
        examples: A few raw ones.
        outputs: Shape of one output.
        folder: Does not exist yet.
        estimator: An ONNX file that the features go through.
    """
    schema, raw = examples.schema, example(examples)
    with TemporaryDirectory() as scratch:
        made = Path(scratch, "predictor")
        tf.saved_model.save(Serving(model), str(made / "model"))
        if estimator is not None:
            copyfile(estimator, made / "estimator.onnx")
        columns = _columns(schema)
        (made / "columns.json").write_text(json.dumps(columns))
        with unseen():
            mlflow.pyfunc.save_model(
                str(folder),
                python_model=str(CODE),
                artifacts={"predictor": str(made)},
                signature=ModelSignature(_taken(schema, model, columns), _given(outputs)),
                input_example=raw,
                pip_requirements=_requirements(estimator),
            )
    forget(folder)


@contextmanager
def unseen() -> Iterator[None]:
    """Without the module that MLflow makes of the code, and what it says of missing types."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*Add type hints", UserWarning)
        yield
    for name in [one for one in sys.modules if one.startswith("code_model_")]:
        del sys.modules[name]


def example(examples: Split) -> Any:
    """Raw examples as a server is asked: an array, or a table with the columns."""
    schema = examples.schema
    if len(schema.inputs) > 1:
        return pd.DataFrame({name: list(examples[name]) for name in schema.inputs})
    few = examples.take(np.arange(1)) if schema.input.is_ragged else examples
    return np.asarray(Examples(few).array())


def _columns(schema: Schema) -> dict[str, list[str] | None] | None:
    """For each column its categories, None for numbers; None for examples that are arrays."""
    if len(schema.inputs) == 1:
        return None
    kinds = {name: schema.columns[name] for name in schema.inputs}
    return {
        name: list(kind.categories) if kind.is_encoded else None for name, kind in kinds.items()
    }


def _taken(schema: Schema, model: keras.Model, columns: Any) -> Given:
    """What goes in; -1 is any number, of examples and of pixels."""
    if columns is None:
        shape = [-1 if length is None else length for length in model.input_shape]
        return Given([TensorSpec(np.dtype(schema.input.dtype), tuple(shape))])
    # Of any type: as `double` MLflow would refuse whole numbers, as `string` numbers of categories,
    # and so a table as pandas reads it.
    return Given([ColSpec(AnyType(), name) for name in columns])


def _given(outputs: Sequence[int | None]) -> Given:
    shape = tuple(-1 if length is None else length for length in outputs)
    return Given([TensorSpec(np.dtype("float32"), (-1, *shape))])


def _requirements(estimator: Path | None) -> list[str]:
    """What the code of the model imports."""
    needed = [mlflow, np, pd, tf]
    if estimator is not None:
        import onnxruntime

        needed.append(onnxruntime)
    return [f"{one.__name__.partition('.')[0]}=={one.__version__}" for one in needed]
