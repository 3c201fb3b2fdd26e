"""The same bytes for ONNX graphs that differ only in names and in the order of their nodes.

skl2onnx counts its names over the whole process, and orders nodes by their addresses in memory
where nothing else tells them apart.
"""

from collections.abc import Mapping
from hashlib import sha256

from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto

Keys = dict[str, bytes]


def canonical(model: ModelProto) -> ModelProto:
    """Names and orders what a model computes by what it computes; inputs and outputs keep theirs.

    Two nodes of equal keys do the same with the same, so their order does not matter.
    """
    graph = model.graph
    kept = {one.name: one.name for one in (*graph.input, *graph.output)} | {"": ""}
    keys: Keys = {one.name: one.name.encode() for one in graph.input} | {"": b""}
    keys |= {one.name: _content(one) for one in graph.initializer}
    nodes = _ordered(list(graph.node), keys)
    tensors = sorted(graph.initializer, key=lambda one: keys[one.name])
    made = [name for node in nodes for name in node.output if name not in kept]
    names = kept | {one.name: f"c{place}" for place, one in enumerate(tensors)}
    names |= {name: f"t{place}" for place, name in enumerate(made)}
    for place, node in enumerate(nodes):
        _rename(node, names, f"n{place}")
    for tensor in tensors:
        tensor.name = names[tensor.name]
    del graph.node[:], graph.initializer[:], graph.value_info[:]
    graph.node.extend(nodes)
    graph.initializer.extend(tensors)
    return model


def _content(tensor: TensorProto) -> bytes:
    """A digest of a tensor without its name."""
    copy = TensorProto()
    copy.CopyFrom(tensor)
    copy.ClearField("name")
    return sha256(copy.SerializeToString(deterministic=True)).digest()


def _ordered(nodes: list[NodeProto], keys: Keys) -> list[NodeProto]:
    """The nodes, each after those it reads from; adds the keys of what they make to `keys`."""
    ordered = []
    while nodes:
        ready = [node for node in nodes if all(name in keys for name in node.input)]
        if not ready:
            raise ValueError("The graph reads what none of its nodes makes")
        done = {id(node) for node in ready}
        nodes = [node for node in nodes if id(node) not in done]
        for node in ready:
            key = _key(node, keys)
            keys |= {name: key + bytes([place]) for place, name in enumerate(node.output)}
        ordered += sorted(ready, key=lambda node: keys[node.output[0]])
    return ordered


def _key(node: NodeProto, keys: Mapping[str, bytes]) -> bytes:
    """A digest of what a node does, with what; its inner graphs are named by position first."""
    plain = NodeProto()
    plain.CopyFrom(node)
    for name in ("name", "input", "output", "doc_string"):
        plain.ClearField(name)
    for attribute in sorted(plain.attribute, key=lambda one: one.name):
        _inner(attribute)
    parts = [plain.SerializeToString(deterministic=True), *(keys[name] for name in node.input)]
    return sha256(b"".join(sha256(part).digest() for part in parts)).digest()


def _inner(attribute: AttributeProto) -> None:
    """Names what an inner graph holds by its position."""
    for graph in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
        own = _own(graph)
        names = {name: f"i{place}" for place, name in enumerate(own)}
        for tensor in (*graph.initializer, *graph.input, *graph.output):
            tensor.name = names.get(tensor.name, tensor.name)
        for place, node in enumerate(graph.node):
            _rename(node, names, f"n{place}")
        graph.name = "inner"
        del graph.value_info[:]


def _own(graph: GraphProto) -> list[str]:
    """The names that a graph gives, in order."""
    given = [one.name for one in (*graph.input, *graph.initializer)]
    return list(
        dict.fromkeys(given + [name for node in graph.node for name in node.output if name])
    )


def _rename(node: NodeProto, names: Mapping[str, str], name: str) -> None:
    """Gives a node its name and new names to what it reads and makes, inner graphs included."""
    node.name = name
    node.input[:] = [names.get(one, one) for one in node.input]
    node.output[:] = [names.get(one, one) for one in node.output]
    for attribute in node.attribute:
        _inner(attribute)
