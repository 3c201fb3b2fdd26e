"""Fit an estimator, and make its ONNX file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile
from typing import Any

import numpy as np
from joblib import parallel_config
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.metrics import log_loss
from threadpoolctl import threadpool_limits

from components.base.errors import Mistakes, Problem
from components.base.files import replacing
from components.base.words import reason
from components.config.lookup import parameters
from components.config.pipeline import Pipeline
from components.data.dataset import Split
from components.fitting.data import Data
from components.fitting.estimator.conversion import convert
from components.fitting.estimator.session import Session
from components.fitting.predictor import describe
from components.fitting.watch import Watch, Work
from components.models.estimator import Classical

HOME = "components.fitting.estimator"
FOLDS = 5


@dataclass(frozen=True)
class Fitted:
    """An ONNX model, which is what is measured and kept, not what it was made of."""

    content: bytes
    history: dict[str, list[float]]
    """One value each."""
    ready: Path
    """The model-ready dataset, which has the preprocessing."""
    best: int = 0

    @property
    def numbers(self) -> dict[str, Any]:
        """What is known of its size."""
        return {"size_bytes": len(self.content)}

    def save(self, folder: Path) -> None:
        """Saves the ONNX file, and the preprocessing."""
        with replacing(folder / "estimator.onnx") as beside:
            beside.write_bytes(self.content)
        copyfile(self.ready / "preprocessing.keras", folder / "preprocessing.keras")
        describe(HOME, folder)


def fit(file: Pipeline, data: Data, seed: int, watch: Watch) -> Fitted:
    """Fits an estimator to the train split.

    Args:
        file: What to fit.
        data: What to fit it to.
        seed: Its `random_state`, where it takes one.
        watch: Is told of it, as of one epoch.

    Raises:
        Mistakes: scikit-learn refuses an argument or the data, or skl2onnx what came of it.
    """
    watch.begin(Work(1, 1, len(data.train)))
    model = _section(file)
    examples, targets = rows(data.train), np.asarray(data.train.target[:])
    classes = len(data.train.schema.target.names) or None
    try:
        estimator = _fitted(model, examples, targets, seed, classes is not None)
        made = convert(estimator, examples.shape[1], classes)
    except MemoryError:  # of the machine, and may be otherwise another time
        raise
    except Exception as error:  # whatever they raise about arguments and data
        where = ("model", "estimator", model.estimator.name)
        raise Mistakes([Problem(where, reason(error))]) from None
    content = made.SerializeToString(deterministic=True)
    session = Session(content)
    history = {
        **_measured(session, data.train, classes, ""),
        **_measured(session, data.validation, classes, "val_"),
    }
    watch.epoch(0, {name: values[0] for name, values in history.items()})
    watch.end()
    return Fitted(content, history, data.ready)


def _section(file: Pipeline) -> Classical:
    assert isinstance(file.model, Classical)  # noqa: S101  the check has seen to it
    return file.model


def rows(split: Split) -> NDArray[np.float32]:
    """Model-ready examples as vectors, `(n, d)`."""
    values = np.asarray(split.input[:], np.float32)
    return values.reshape(len(values), -1)


def _fitted(
    model: Classical, examples: NDArray[Any], targets: NDArray[Any], seed: int, is_class: bool
) -> Any:
    """A fitted estimator; the machine's number of cores does not change it.

    References:
        Platt, Probabilistic Outputs for Support Vector Machines (1999); Zadrozny, Elkan,
        Transforming Classifier Scores into Accurate Multiclass Probability Estimates (2002).
    """
    definition = model.estimator.definition
    own = {"random_state": seed} if "random_state" in parameters(definition).names else {}
    estimator = definition.load()(**model.estimator.arguments, **own)
    if is_class and model.calibration:
        estimator = CalibratedClassifierCV(
            estimator, method=model.calibration, cv=FOLDS, ensemble=False
        )
    elif is_class and not hasattr(estimator, "predict_proba"):
        raise ValueError("it gives no class probabilities; model.calibration: sigmoid makes some")
    # In float64, as scikit-learn computes by itself: a linear model stops early in float32.
    # One thread of BLAS and OpenMP: more of them add in another order, to other bytes.
    # Cores by joblib's own setting: as an argument, some take `n_jobs` and warn of it.
    with threadpool_limits(1), parallel_config("threading", n_jobs=-1):
        return estimator.fit(examples.astype(np.float64), targets)


def _measured(
    session: Session, split: Split, classes: int | None, prefix: str
) -> Mapping[str, list[float]]:
    """What a network's learning curves would have: the loss, and accuracy or the mean error."""
    said, targets = session.run(rows(split)), np.asarray(split.target[:])
    if classes is None:
        misses = said - targets
        found = {"loss": np.mean(misses**2), "mae": np.mean(np.abs(misses))}
    else:
        shares = said.astype(np.float64)
        shares /= shares.sum(axis=1, keepdims=True)
        found = {
            "loss": log_loss(targets, shares, labels=range(classes)),
            "accuracy": np.mean(said.argmax(axis=1) == targets),
        }
    return {f"{prefix}{name}": [float(value)] for name, value in found.items()}
