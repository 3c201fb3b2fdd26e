"""How good class probabilities are."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support

from components.tasks.comparison import metric


class PerClass(BaseModel):
    """Measures of one class against the rest, 0 to 1; a class never predicted has precision 0."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int
    """Test examples of the class."""


class Bin(BaseModel):
    """One point of a reliability diagram."""

    confidence: float
    """Mean probability of the predicted class."""
    accuracy: float
    count: int


class Measures(BaseModel):
    """Measures of a classifier on one split."""

    accuracy: float
    accuracy_low: float
    """Lower end of the 95 % interval (Wilson)."""
    accuracy_high: float
    macro_f1: float
    """Mean of the F1 of the classes that occur, each class weighing the same."""
    macro_f1_low: float
    """Lower end of the 95 % interval (jackknife)."""
    macro_f1_high: float
    log_loss: float
    expected_calibration_error: float
    """Mean distance of confidence and accuracy over the bins, weighed by their examples."""
    examples: int
    per_class: list[PerClass]
    reliability: list[Bin]
    confusion: list[list[int]]
    """Counts by actual class (row) and predicted class (column)."""

    @property
    def sentence(self) -> str:
        """The two metrics that a gate may ask for, in words."""
        interval = f"{self.accuracy_low:.4f} to {self.accuracy_high:.4f}"
        return (
            f"test accuracy {self.accuracy:.4f} (95 % interval {interval}, {self.examples} "
            f"examples), macro F1 {self.macro_f1:.4f}"
        )


def measure(
    labels: NDArray[np.int64], probabilities: NDArray[np.float32], classes: Sequence[str], bins: int
) -> Measures:
    """Measures class probabilities against labels.

    Args:
        labels: `(n,)`, positions in `classes`.
        probabilities: `(n, classes)`; rows sum to 1, or nearly (half precision).
        classes: Names of the classes.
        bins: Bins of the reliability diagram, of equal width.

    References:
        Guo et al., On Calibration of Modern Neural Networks (2017), equation 3, for the calibration
        error.
    """
    predicted = probabilities.argmax(axis=1)
    every = range(len(classes))
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, predicted, labels=every, zero_division=0
    )
    accuracy, macro_f1 = (metric(name, labels, predicted) for name in ("accuracy", "macro_f1"))
    reliability = _reliability(predicted == labels, probabilities.max(axis=1), bins)
    shares = probabilities.astype(np.float64)
    shares /= shares.sum(axis=1, keepdims=True)
    return Measures(
        accuracy=accuracy.value,
        accuracy_low=accuracy.low,
        accuracy_high=accuracy.high,
        macro_f1=macro_f1.value,
        macro_f1_low=macro_f1.low,
        macro_f1_high=macro_f1.high,
        log_loss=float(log_loss(labels, shares, labels=every)),
        expected_calibration_error=sum(
            one.count * abs(one.confidence - one.accuracy) for one in reliability
        )
        / len(labels),
        examples=len(labels),
        per_class=[
            PerClass(name=name, precision=p, recall=r, f1=f, support=s)
            for name, p, r, f, s in zip(classes, precision, recall, f1, support, strict=True)
        ],
        reliability=reliability,
        confusion=confusion_matrix(labels, predicted, labels=every).tolist(),
    )


def _reliability(right: NDArray[np.bool_], confidence: NDArray[np.float32], bins: int) -> list[Bin]:
    """The bins that have examples, ascending."""
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    return [
        Bin(
            confidence=float(confidence[places == place].mean()),
            accuracy=float(right[places == place].mean()),
            count=int((places == place).sum()),
        )
        for place in np.unique(places)
    ]
