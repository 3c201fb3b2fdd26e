"""What is known of a fit of scikit-learn's before it."""

from typing import Any

from components.base.errors import Mistakes, Problem
from components.base.words import reason
from components.config.pipeline import Pipeline
from components.fitting.estimate import Estimate


def room(file: Pipeline, few: Any) -> None:
    """Lets scikit-learn judge the arguments; `Mistakes` where it refuses one."""
    named = file.model.estimator  # type: ignore[attr-defined]
    try:
        named.definition.load()(**named.arguments)._validate_params()
    except Exception as error:  # whatever it raises about its arguments
        raise Mistakes([Problem(("model", "estimator", named.name), reason(error))]) from None


def trial(file: Pipeline, few: Any, counts: Any, augmentation: Any) -> Estimate:
    """The same; nothing is known of its time: scikit-learn says none."""
    room(file, few)
    return Estimate()
