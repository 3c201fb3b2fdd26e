"""Graphs that differ only in names and order become the same bytes, and compute the same."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from components.fitting.estimator.canonical import canonical
from components.fitting.estimator.session import Session

NODES = (
    ("Mul", ["examples", "two"], ["doubled"]),
    ("Add", ["examples", "one"], ["more"]),
    ("Sub", ["doubled", "more"], ["rest"]),
    ("Abs", ["rest"], ["said"]),
)
TENSORS = {"one": [1.0], "two": [2.0]}


def graph(nodes=NODES, tensors=TENSORS, prefix=""):
    """`|2 x - (x + 1)|`, its inner names with a prefix, its nodes in this order."""

    def named(names):
        return [name if name in {"examples", "said"} else f"{prefix}{name}" for name in names]

    made = [
        helper.make_node(kind, named(read), named(given), name=f"{prefix}{kind}")
        for kind, read, given in nodes
    ]
    body = helper.make_graph(
        made,
        "doubled",
        [helper.make_tensor_value_info("examples", TensorProto.FLOAT, ["n", 3])],
        [helper.make_tensor_value_info("said", TensorProto.FLOAT, ["n", 3])],
        [
            numpy_helper.from_array(np.array(values, np.float32), f"{prefix}{name}")
            for name, values in tensors.items()
        ],
    )
    imports = [helper.make_opsetid("", 21)]
    return helper.make_model(body, opset_imports=imports, ir_version=10)


def content(model):
    return canonical(model).SerializeToString(deterministic=True)


EXAMPLES = np.array([[0, 1, 5], [-2, 3, 0.5]], np.float32)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"prefix": "n17_"}, id="other names"),
        pytest.param({"nodes": (NODES[1], NODES[0], *NODES[2:])}, id="another order"),
        pytest.param({"tensors": dict(reversed(TENSORS.items()))}, id="other tensors first"),
    ],
)
def test_what_computes_the_same_is_the_same(other):
    assert content(graph(**other)) == content(graph())


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"tensors": {"one": [1.0], "two": [3.0]}}, id="another number"),
        pytest.param({"tensors": {"one": [2.0], "two": [1.0]}}, id="numbers of each other"),
        pytest.param({"nodes": (*NODES[:3], ("Neg", ["rest"], ["said"]))}, id="another node"),
        pytest.param(
            {"nodes": (*NODES[:2], ("Sub", ["more", "doubled"], ["rest"]), NODES[3])},
            id="the other way round",
        ),
    ],
)
def test_what_computes_something_else_is_not_the_same(other):
    assert content(graph(**other)) != content(graph())


def test_it_computes_what_it_did():
    found = content(graph(nodes=(NODES[1], NODES[0], *NODES[2:])))

    onnx.checker.check_model(onnx.load_from_string(found))
    assert np.array_equal(Session(found).run(EXAMPLES), np.abs(EXAMPLES - 1))


def test_nodes_before_what_they_read_are_put_behind_it():
    assert content(graph(nodes=tuple(reversed(NODES)))) == content(graph())


def test_a_graph_that_reads_what_it_does_not_have_is_refused():
    with pytest.raises(ValueError, match=r"^The graph reads what none of its nodes makes$"):
        canonical(graph(nodes=NODES[1:]))


def branching(prefix):
    """Says one thing or the other by the sum of all, in graphs within a node."""

    def branch(name, factor):
        tensor = numpy_helper.from_array(np.float32(factor), f"{prefix}{name}_factor")
        node = helper.make_node(
            "Mul", ["examples", f"{prefix}{name}_factor"], [f"{prefix}{name}"], f"{prefix}mul"
        )
        out = helper.make_tensor_value_info(f"{prefix}{name}", TensorProto.FLOAT, ["n", 3])
        return helper.make_graph([node], f"{prefix}{name}", [], [out], [tensor])

    model = graph(
        nodes=(
            ("ReduceSum", ["examples"], ["sum"]),
            ("Greater", ["sum", "one"], ["is_large"]),
            ("Squeeze", ["is_large"], ["flag"]),
        ),
        tensors={"one": [1.0]},
        prefix=prefix,
    )
    model.graph.node.append(
        helper.make_node(
            "If",
            [f"{prefix}flag"],
            ["said"],
            f"{prefix}if",
            then_branch=branch("then", 10),
            else_branch=branch("else", -1),
        )
    )
    return model


def test_graphs_within_a_node_are_named_anew_too():
    one, other = content(branching("a_")), content(branching("other_"))

    assert one == other
    assert np.array_equal(Session(one).run(EXAMPLES), EXAMPLES * 10)
    assert np.array_equal(Session(one).run(-EXAMPLES), EXAMPLES)
