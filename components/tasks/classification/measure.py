"""How good class probabilities are."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support

from components.data.dataset import Split
from components.data.schema import Schema
from components.tasks import comparison
from components.tasks.classification import Classification
from components.tasks.interval import Interval
from components.tasks.measured import Measures
from components.tasks.outcomes import Outcomes
from components.tasks.outcomes import outcomes as paired

Probabilities = NDArray[np.float32]
"""`(n, classes)`; rows sum to 1, or nearly (half precision)."""


def answers(task: Classification, predictor: Any, split: Split) -> Probabilities:
    """Class probabilities of raw examples."""
    return np.asarray(predictor.predict(split), np.float32)


def outcomes(
    task: Classification, answers: Probabilities, split: Split, learned: Schema
) -> Outcomes:
    """The names of the true and of the most probable class."""
    classes, known = split.schema.target.names, learned.target.names
    truth = [classes[label] for label in split.target[:]]
    said = [known[guess] for guess in answers.argmax(axis=1)]
    return paired(split, {"label": truth}, {"label": said})


def value(metric: str, found: Outcomes) -> Interval:
    """`accuracy` or `macro_f1` of predictions."""
    return comparison.metric(metric, found.truth["label"], found.answers["label"])


def difference(metric: str, ours: Outcomes, theirs: Outcomes) -> Interval:
    """How much larger one is, of the same examples in pairs."""
    labels = ours.truth["label"]
    return comparison.difference(metric, labels, ours.answers["label"], theirs.answers["label"])


def measure(task: Classification, answers: Probabilities, split: Split) -> Measures:
    """Measures class probabilities against labels.

    Returns:
        In `details`: `per_class` measures of a class against the rest, a class never predicted has
        precision 0; `reliability`, the points of a diagram; `confusion`, counts by actual class
        (row) and predicted class (column); `label_issues`, see there.

    References:
        Guo et al., On Calibration of Modern Neural Networks (2017), equation 3, for the calibration
        error.
    """
    labels: NDArray[np.int64] = np.asarray(split.target[:], np.int64)
    predicted, every = answers.argmax(axis=1), range(len(split.schema.target.names))
    reliability = _reliability(predicted == labels, answers.max(axis=1), task.calibration_bins)
    distances = [one["count"] * abs(one["confidence"] - one["accuracy"]) for one in reliability]
    shares = answers.astype(np.float64)
    shares /= shares.sum(axis=1, keepdims=True)
    issues = label_issues(labels, answers)
    return Measures(
        metrics={
            one.name: comparison.metric(one.name, labels, predicted)
            for one in Classification.metrics
        },
        examples=len(labels),
        numbers={
            "log_loss": float(log_loss(labels, shares, labels=every)),
            "expected_calibration_error": sum(distances) / len(labels),
            "label_issues": len(issues),
        },
        details={
            "per_class": _per_class(labels, predicted, split.schema.target.names),
            "reliability": reliability,
            "confusion": confusion_matrix(labels, predicted, labels=every).tolist(),
            "label_issues": issues.tolist(),
        },
    )


def _per_class(
    labels: NDArray[np.int64], predicted: NDArray[np.int64], classes: Any
) -> list[dict[str, Any]]:
    found = precision_recall_fscore_support(
        labels, predicted, labels=range(len(classes)), zero_division=0
    )
    keys = ("precision", "recall", "f1", "support")
    columns = (column.tolist() for column in found)
    rows = zip(classes, *columns, strict=True)
    return [{"name": name, **dict(zip(keys, row, strict=True))} for name, *row in rows]


def _reliability(
    right: NDArray[np.bool_], confidence: NDArray[np.float32], bins: int
) -> list[dict[str, Any]]:
    """The bins that have examples, ascending."""
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    return [
        {
            "confidence": float(confidence[places == place].mean()),
            "accuracy": float(right[places == place].mean()),
            "count": int((places == place).sum()),
        }
        for place in np.unique(places)
    ]


def label_issues(labels: NDArray[np.int64], answers: Probabilities) -> NDArray[np.int64]:
    """Rows whose label is probably wrong, the most certain first.

    The model has not seen these examples, so where it is sure of another class, as sure as it is
    of examples of that class, either it errs or the label does.

    References:
        Northcutt, Jiang, Chuang, Confident Learning (2021), section 3; computed by cleanlab.
    """
    from cleanlab.filter import find_label_issues

    with warnings.catch_warnings(action="ignore", category=UserWarning):
        # It warns of a class with a single example, of which it then says nothing.
        rows: NDArray[np.int64] = find_label_issues(
            labels, answers, return_indices_ranked_by="self_confidence", n_jobs=1
        )
    return rows
