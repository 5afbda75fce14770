"""Are the encoder's products made in integers, and is everything else left as it is?"""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.learning.text import sentence_embeddings
from labeling.learning.text.integer_products import (
    GRAPH,
    NODE,
    UnreadableGraph,
    _fields,
    _node,
    _read_varint,
    _varint,
    with_integer_products,
)


@pytest.fixture(scope="module")
def model() -> bytes:
    return sentence_embeddings.published_model()


def operators(model: bytes) -> list[str]:
    graph = next(value for number, value, _ in _fields(model) if number == GRAPH)
    return [_node(value).operator for number, value, _ in _fields(graph) if number == NODE]


def parts_but_nodes(model: bytes) -> str:
    """A checksum of what is no node: weights, inputs, outputs, versions."""
    checksum = hashlib.sha256()
    for number, value, raw in _fields(model):
        kept = [part for n, _, part in _fields(value) if n != NODE] if number == GRAPH else [raw]
        checksum.update(b"".join(kept))
    return checksum.hexdigest()


def test_all_products_with_weights_are_made_in_integers(model: bytes) -> None:
    before, after = operators(model), operators(with_integer_products(model))
    assert (before.count("MatMul"), before.count("MatMulInteger")) == (48, 0)
    assert (after.count("MatMul"), after.count("MatMulInteger")) == (12, 36)  # attention stays in float
    assert after.count("DynamicQuantizeLinear") == 24  # query, key and value read one


def test_the_model_in_integers_is_the_one_that_may_be_run(model: bytes) -> None:
    """A change of the graph is a change of this checksum, and of FORMAT where vectors change with it."""
    assert hashlib.sha256(with_integer_products(model)).hexdigest() == sentence_embeddings.INTEGER_SHA256


def test_weights_inputs_and_outputs_stay_as_they_are(model: bytes) -> None:
    assert parts_but_nodes(with_integer_products(model)) == parts_but_nodes(model)


def test_what_is_no_such_model_is_refused(model: bytes) -> None:
    for content in (b"", b"no model", model[:-1], model[:1_000], with_integer_products(model)):
        with pytest.raises(UnreadableGraph):
            with_integer_products(content)


@given(st.integers(0, 2**64 - 1))
def test_a_number_is_read_as_it_was_written(number: int) -> None:
    assert _read_varint(_varint(number), 0) == (number, len(_varint(number)))
