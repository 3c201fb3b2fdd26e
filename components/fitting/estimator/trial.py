"""What is known of a fit of scikit-learn's before it."""

from collections.abc import Mapping

from components.base.errors import Mistakes, Problem
from components.base.words import reason
from components.config.pipeline import Pipeline
from components.data.dataset import Split
from components.fitting.estimate import Estimate


def room(file: Pipeline, few: Split) -> None:
    """Lets scikit-learn judge the arguments; `Mistakes` where it refuses one."""
    _check(file)


def _check(file: Pipeline) -> None:
    named = file.model.estimator  # type: ignore[attr-defined]
    try:
        named.definition.load()(**named.arguments)._validate_params()
    except Exception as error:  # whatever it raises about its arguments
        raise Mistakes([Problem(("model", "estimator", named.name), reason(error))]) from None


def trial(
    file: Pipeline, few: Split | None, counts: Mapping[str, int], augmentation: object
) -> Estimate:
    """The same; nothing is known of its time: scikit-learn says none."""
    _check(file)
    return Estimate()
