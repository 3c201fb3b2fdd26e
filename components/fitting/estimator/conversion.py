"""An estimator of scikit-learn as ONNX: the same bytes for the same model."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper, numpy_helper
from onnx.compose import add_prefix
from onnx.utils import Extractor
from skl2onnx import to_onnx
from skl2onnx.common import tree_ensemble
from skl2onnx.common.data_types import FloatTensorType

from components.fitting.estimator.canonical import canonical

INPUT, PROBABILITIES, PREDICTIONS = "examples", "probabilities", "predictions"
PREFIX = "estimator/"
OPSETS = {"": 21, "ai.onnx.ml": 3}


def convert(estimator: Any, features: int, classes: int | None) -> ModelProto:
    """Makes the ONNX model: `examples` `(n, d)` to `probabilities` or `predictions`, all float32.

    Args:
        estimator: A fitted one.
        features: `d`.
        classes: How many the task has, `probabilities` are `(n, classes)`; a class without a
            training example has probability 0. None for a regressor, whose predictions are `(n,)`.
    """
    options = {id(estimator): {"zipmap": False}} if classes else None
    with _strict_trees():
        model = to_onnx(
            estimator,
            initial_types=[(INPUT, FloatTensorType([None, features]))],
            options=options,
            target_opset=OPSETS,
        )
    found = model.graph.output[1 if classes else 0].name
    # Names of its own: skl2onnx calls some tensors what the output is to be called.
    model = add_prefix(Extractor(model).extract_model([INPUT], [found]), PREFIX)
    model.graph.node.insert(
        0, helper.make_node("Identity", [INPUT], [PREFIX + INPUT], name="first")
    )
    model.graph.input[0].name, found = INPUT, PREFIX + found
    if classes:
        _finish(model, found, PROBABILITIES, _placed(estimator.classes_, classes))
    else:
        shape = numpy_helper.from_array(np.array([-1]), "one_axis")
        _finish(model, found, PREDICTIONS, ("Reshape", shape))
    return _plain(model, estimator, classes)


@contextmanager
def _strict_trees() -> Iterator[None]:
    """Trees of histogram gradient boosting, as ONNX takes them.

    skl2onnx 1.20 hands over truth values, which protobuf 7 refuses as integers, and rounds their
    thresholds to float32 without looking at which side a float32 falls to.
    """
    original = tree_ensemble.add_node

    def add_node(*args: Any, nodes_missing_value_tracks_true: Any = 0, **kwargs: Any) -> None:
        kwargs["adjust_threshold_for_sklearn"] = True
        original(
            *args, nodes_missing_value_tracks_true=int(nodes_missing_value_tracks_true), **kwargs
        )

    with patch.object(tree_ensemble, "add_node", add_node):
        yield


def _placed(known: NDArray[Any], classes: int) -> tuple[str, TensorProto] | None:
    """What puts the columns of known classes to their places; nothing where all are known."""
    if np.array_equal(known, np.arange(classes)):
        return None
    places = (known[:, None] == np.arange(classes)).astype(np.float32)
    return "MatMul", numpy_helper.from_array(places, "places")


def _finish(model: ModelProto, found: str, name: str, last: tuple[str, TensorProto] | None) -> None:
    """Adds a last node, which gives the output its name."""
    operator, second = last or ("Identity", None)
    if second is not None:
        model.graph.initializer.append(second)
    inputs = [found] if second is None else [found, second.name]
    model.graph.node.append(helper.make_node(operator, inputs, [name], name="last"))


def _plain(model: ModelProto, estimator: Any, classes: int | None) -> ModelProto:
    """Declares what goes in and out, and takes out what names a tool or a run."""
    shape = ["n", classes] if classes else ["n"]
    name = PROBABILITIES if classes else PREDICTIONS
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "n"
    model.graph.name = type(estimator).__name__
    for field in ("producer_name", "producer_version", "doc_string"):
        model.ClearField(field)
    versions = sorted({(one.domain, one.version) for one in model.opset_import})
    newest = {domain: max(v for d, v in versions if d == domain) for domain, _ in versions}
    del model.opset_import[:]
    model.opset_import.extend(helper.make_opsetid(*pair) for pair in sorted(newest.items()))
    onnx.checker.check_model(canonical(model))
    return model
