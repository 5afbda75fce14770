"""Dynamic quantization of an ONNX graph: its products with 8-bit weights, made in integers.

A graph may store its weights in 8 bits and still compute in float: each weight is cast and scaled before its
MatMul. The runtime has kernels for the product itself in integers, which on most processors take less than
half the time, when the graph says so. ONNX files are protocol buffers, of which only the nodes change here;
the package that edits them in general is larger than the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

# Numbers of the fields in onnx.proto.
GRAPH, NODE = 7, 1  # of a model; of its graph
INPUT, OUTPUT, NAME, OPERATOR, ATTRIBUTE = 1, 2, 3, 4, 5  # of a node
ATTRIBUTE_NAME, ATTRIBUTE_INT, ATTRIBUTE_TYPE = 1, 3, 20
INT_TYPE, FLOAT = 2, 1  # AttributeProto.INT and TensorProto.FLOAT

VARINT, FIXED_64, BYTES, FIXED_32 = 0, 1, 2, 5  # wire types


class UnreadableGraph(ValueError):
    """These bytes are no ONNX model, or one without products that can be made in integers."""


@dataclass(frozen=True)
class Node:
    """An operation of the graph. `encoded` : as it stands in the file."""

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    encoded: bytes


def with_integer_products(model: bytes) -> bytes:
    """The model with every `MatMul(x, Mul(Cast(weight), scale))` made in integers.

    x is quantized to 8 bits, one scale for the whole of it: `DynamicQuantizeLinear`. Products that read the
    same x share it. What the old products alone read stays in the graph, and the runtime leaves it out.

    Raises UnreadableGraph where there is no such product.
    """
    fields = list(_fields(model))
    graph = b"".join(_with_integer_nodes(value) if number == GRAPH else b"" for number, value, _ in fields)
    if not graph:
        raise UnreadableGraph("The model has no graph.")
    return b"".join(_message(GRAPH, graph) if number == GRAPH else raw for number, _, raw in fields)


def _with_integer_nodes(graph: bytes) -> bytes:
    fields = list(_fields(graph))
    nodes = [_node(value) for number, value, _ in fields if number == NODE]
    producers = {name: node for node in nodes for name in node.outputs}
    quantized: set[str] = set()
    parts = [raw for number, _, raw in fields if number != NODE]
    count = 0
    for node in nodes:
        weight = _integer_weight(node, producers)
        if weight is None:
            parts.append(_message(NODE, node.encoded))
            continue
        count += 1
        parts += [_message(NODE, new) for new in _integer_product(node, *weight, quantized)]
    if not count:
        raise UnreadableGraph("The graph has no product with 8-bit weights.")
    return b"".join(parts)


def _integer_weight(node: Node, producers: Mapping[str, Node]) -> tuple[str, str] | None:
    """(weight, scale) of a product with a scaled 8-bit weight; None for every other node."""
    if node.operator != "MatMul":
        return None
    scaled = producers.get(node.inputs[1])
    if scaled is None or scaled.operator != "Mul":
        return None
    cast = producers.get(scaled.inputs[0])
    if cast is None or cast.operator != "Cast" or cast.inputs[0] in producers:
        return None
    return cast.inputs[0], scaled.inputs[1]


def _integer_product(node: Node, weight: str, scale: str, quantized: set[str]) -> Iterator[bytes]:
    """The nodes that stand for a product; `quantized` are the activations that have their 8 bits already."""
    activation, product = node.inputs[0], node.outputs[0]
    in_8_bits, step, zero = (f"{activation}_{part}" for part in ("8_bits", "step", "zero"))
    if activation not in quantized:
        quantized.add(activation)
        yield _encoded("DynamicQuantizeLinear", [activation], [in_8_bits, step, zero])
    integer, number, steps = (f"{product}_{part}" for part in ("integer", "number", "steps"))
    yield _encoded("MatMulInteger", [in_8_bits, weight, zero], [integer])
    yield _encoded("Cast", [integer], [number], to=FLOAT)
    yield _encoded("Mul", [step, scale], [steps])
    yield _encoded("Mul", [number, steps], [product])


def _encoded(operator: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: int) -> bytes:
    parts = [_message(INPUT, name.encode()) for name in inputs]
    parts += [_message(OUTPUT, name.encode()) for name in outputs]
    parts += [_message(NAME, f"{operator}:{outputs[0]}".encode()), _message(OPERATOR, operator.encode())]
    for name, value in attributes.items():
        attribute = _message(ATTRIBUTE_NAME, name.encode()) + _number(ATTRIBUTE_INT, value)
        parts.append(_message(ATTRIBUTE, attribute + _number(ATTRIBUTE_TYPE, INT_TYPE)))
    return b"".join(parts)


def _node(encoded: bytes) -> Node:
    fields = [(number, value.decode()) for number, value, _ in _fields(encoded) if number in (1, 2, 4)]
    inputs, outputs, operators = (
        [v for n, v in fields if n == number] for number in (INPUT, OUTPUT, OPERATOR)
    )
    return Node(operators[0], tuple(inputs), tuple(outputs), encoded)


def _fields(message: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """(number, value, the field as it stands) of each field; the value is empty where it is a number."""
    index = 0
    while index < len(message):
        start = index
        key, index = _read_varint(message, index)
        number, wire_type = key >> 3, key & 7
        value_start = index
        if wire_type == VARINT:
            _, index = _read_varint(message, index)
            value_start = index
        elif wire_type == BYTES:
            length, value_start = _read_varint(message, index)
            index = value_start + length
        elif wire_type in (FIXED_32, FIXED_64):
            index = value_start = index + (4 if wire_type == FIXED_32 else 8)
        else:
            raise UnreadableGraph("This is no ONNX model.")
        if index > len(message):
            raise UnreadableGraph("The ONNX model is cut off.")
        yield number, message[value_start:index], message[start:index]


def _read_varint(message: bytes, index: int) -> tuple[int, int]:
    """(the number, the index after it). Seven bits a byte, the lowest first."""
    number = shift = 0
    while index < len(message):
        byte = message[index]
        index += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, index
        shift += 7
    raise UnreadableGraph("The ONNX model is cut off.")


def _varint(number: int) -> bytes:
    """
    >>> _varint(300)
    b'\\xac\\x02'
    """
    low = bytearray()
    while number > 0x7F:
        low.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*low, number])


def _message(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | BYTES) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3 | VARINT) + _varint(value)
