"""Fitting an estimator of scikit-learn, which becomes an ONNX file."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import model_validator

from components.base.errors import Problem
from components.config.section import mistake
from components.config.train import Learner
from components.models.estimator import Classical
from components.models.estimator.known import probabilities, problem

if TYPE_CHECKING:
    from components.config.pipeline import Pipeline

KINDS = {"ClassLabel": "classifier", "Value": "regressor"}
"""By what is learned."""


class EstimatorLearner(Learner):
    """What scikit-learn's `fit` does, once."""

    gives = "onnx"
    takes_arrays = True

    learner: str = "estimator"

    @model_validator(mode="before")
    @classmethod
    def _is_bare(cls, value: Any) -> Any:
        """The section of a network, once its model is an estimator, is one mistake, not six."""
        if isinstance(value, Mapping) and set(value) - {"learner", "seeds"}:
            raise mistake("an estimator takes only seeds under train; remove the rest")
        return value

    def problems(self, file: "Pipeline") -> Iterator[Problem]:
        """A network, or an estimator that the task or ONNX cannot have."""
        if not isinstance(file.model, Classical):
            what = "this learner is for model: {estimator: ...}"
            yield Problem(("train", "learner"), what)
            return
        if file.augment.layers and not file.augment.copies:
            what = "an estimator is fitted once, to what augment.copies writes; it says 0"
            yield Problem(("augment", "layers"), what)
        kinds = [KINDS.get(one) for one in file.task.targets]
        if len(kinds) != 1 or kinds[0] is None:
            what = "an estimator learns a class or a number"
            yield Problem(("model", "estimator"), f"{what}; this task needs a network")
            return
        named = file.model.estimator
        where = ("model", "estimator", named.name)
        if found := problem(named.definition, kinds[0]):  # type: ignore[arg-type]
            yield Problem(where, found)
            return
        is_silent = kinds[0] == "classifier" and probabilities(named.definition) == "never"
        if is_silent and file.model.calibration is None:
            what = f"{named.name} gives no probabilities; model.calibration: sigmoid makes some"
            yield Problem(where, what)
