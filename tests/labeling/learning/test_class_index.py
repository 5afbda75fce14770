"""The class index: which column stands for which class."""

from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.learning.arrays.class_index import ClassIndex

CLASSES = [UUID(int=number) for number in range(1, 7)]


@given(st.permutations(CLASSES), st.lists(st.sets(st.sampled_from(CLASSES)), max_size=8))
def test_the_matrix_has_a_flag_exactly_where_a_document_has_the_class(classes, rows):
    index = ClassIndex.of(classes[:4])
    matrix = index.matrix(rows)
    assert matrix.shape == (len(rows), 4)
    assert matrix.dtype == np.bool_
    for row, labels in enumerate(rows):
        assert {index.classes[column] for column in np.flatnonzero(matrix[row])} == labels & set(classes[:4])


def test_columns_follow_the_order_that_was_given():
    first, second, unknown = CLASSES[3], CLASSES[0], CLASSES[5]
    index = ClassIndex.of(iter([first, second]))
    assert (index.column(first), index.column(second), len(index)) == (0, 1, 2)
    assert index.columns([second, unknown, first]) == [1, 0]
    assert first in index
    assert unknown not in index
    assert index.holds([first, second])
    assert not index.holds([first, unknown])
    with pytest.raises(KeyError):
        index.column(unknown)


def test_equal_classes_in_equal_order_make_equal_indices():
    assert ClassIndex.of(CLASSES) == ClassIndex.of(tuple(CLASSES))
    assert ClassIndex.of(CLASSES) != ClassIndex.of(CLASSES[::-1])
