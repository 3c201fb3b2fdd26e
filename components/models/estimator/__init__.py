"""Any classifier or regressor of scikit-learn."""

from typing import Literal

from components.config.models import Architecture
from components.models.estimator.known import Estimator


class Classical(Architecture):
    """A classifier or a regressor of scikit-learn, which is kept as an ONNX file."""

    gives = None
    learner = "estimator"

    architecture: Literal["estimator"] = "estimator"
    estimator: Estimator
    """Its name, with its own arguments; the seed is that of params.yaml."""
    calibration: Literal["sigmoid", "isotonic"] | None = None
    """Makes probabilities of a classifier's decision values, by cross-validation in five parts;
    for one that gives none by itself, such as `LinearSVC`."""

    @property
    def title(self) -> str:
        """The name of the estimator."""
        return self.estimator.name
