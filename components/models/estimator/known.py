"""What scikit-learn has as classifiers and regressors, and which of them become ONNX.

Told from the sources of scikit-learn and skl2onnx: reading a pipeline file imports neither.
"""

import ast
from collections.abc import Iterator
from functools import cache
from typing import Literal

from components.config.lookup import (
    Definition,
    ancestry,
    check_module,
    classes,
    method,
    parameters,
    source_file,
)
from components.config.section import Named

HOMES = (
    "sklearn.ensemble",
    "sklearn.linear_model",
    "sklearn.svm",
    "sklearn.neighbors",
    "sklearn.tree",
    "sklearn.naive_bayes",
    "sklearn.neural_network",
    "sklearn.discriminant_analysis",
    "sklearn.gaussian_process",
    "sklearn.cross_decomposition",
    "sklearn.kernel_ridge",
    "sklearn.dummy",
)
SUPPORTED = "skl2onnx._supported_operators"
UNFIT = {
    "CategoricalNB": "it takes category numbers only",
    "GaussianProcessClassifier": "skl2onnx converts it for two classes only",
    "MultiTaskElasticNet": "it is for several targets",
    "MultiTaskElasticNetCV": "it is for several targets",
    "MultiTaskLasso": "it is for several targets",
    "MultiTaskLassoCV": "it is for several targets",
    "RadiusNeighborsClassifier": "its ONNX file fails on an example without neighbours",
    "RadiusNeighborsRegressor": "its ONNX file fails on an example without neighbours",
}
"""Those that are converted, and yet are of no use here (tried with skl2onnx 1.20)."""

Kind = Literal["classifier", "regressor"]
Given = Literal["always", "by its arguments", "never"]


class Estimator(Named):
    """A scikit-learn classifier or regressor, by its name."""

    homes = HOMES
    kind, base = "estimator", "BaseEstimator"
    # The seed, the cores and what is printed are Millrace's; each fit starts anew.
    reserved = frozenset({"random_state", "n_jobs", "verbose", "warm_start"})

    @classmethod
    def definitions(cls) -> dict[str, Definition]:
        """Those that a pipeline can have."""
        return {**known("regressor"), **known("classifier")}


def kind_of(definition: Definition) -> Kind | None:
    """Whether a class is a classifier or a regressor, or neither, by its base classes."""
    bases = ancestry(definition)
    if "ClassifierMixin" in bases:
        return "classifier"
    return "regressor" if "RegressorMixin" in bases else None


def known(kind: Kind) -> dict[str, Definition]:
    """All classifiers or regressors of scikit-learn that a pipeline file may name."""
    return {
        name: definition
        for home in HOMES
        for name, definition in sorted(classes(home).items())
        if kind_of(definition) == kind and not problem(definition, kind)
    }


@cache
def converted() -> frozenset[str]:
    """Names of the classes that skl2onnx has a converter for, those of transformers too.

    Raises:
        LookupError: skl2onnx is not installed.
    """
    check_module(SUPPORTED)
    path = source_file(SUPPORTED)
    tree = ast.parse(path.read_bytes()) if path else ast.Module([], [])
    imported = {name for node in ast.walk(tree) for name in _of_sklearn(node)}
    (table,) = (
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name == "build_sklearn_operator_name_map"
    )
    named = {node.id for node in ast.walk(table) if isinstance(node, ast.Name)}
    return frozenset(named & imported)


def _of_sklearn(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sklearn."):
        yield from (alias.asname or alias.name for alias in node.names)


def probabilities(definition: Definition) -> Given:
    """Whether a classifier gives class probabilities.

    `by its arguments`: a `predict_proba` that is there for some, such as SGDClassifier's with
    `loss: log_loss`.
    """
    found = method(definition, "predict_proba")
    if found is None:
        return "never"
    return "by its arguments" if found.decorator_list else "always"


def problem(definition: Definition, kind: Kind) -> str | None:
    """Why a pipeline cannot have a class as its estimator, or None.

    Args:
        definition: A class that exists.
        kind: What the task asks for.
    """
    name, found = definition.name, kind_of(definition)
    if found is None:
        return f"{name} is neither a classifier nor a regressor"
    if found != kind:
        return f"{name} is a {found}; the task needs a {kind}"
    if inner := sorted(parameters(definition).required):
        return f"{name} needs {' and '.join(inner)}, which a pipeline file cannot give it"
    if not definition.home.startswith("sklearn.") or name not in converted():
        return f"{name} cannot be kept: skl2onnx has no converter for it"
    if name in UNFIT:
        return f"{name} cannot be taken: {UNFIT[name]}"
    return None
