"""Curves are read the same way for every strategy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.learning.evaluation.scores import (
    area_under_curve,
    labels_to_reach,
    labels_to_share_of_full,
)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=10))
def test_the_area_lies_between_the_worst_and_the_best_point(quality):
    area = area_under_curve([20 * i for i in range(len(quality))], quality)
    assert min(quality) - 1e-9 <= area <= max(quality) + 1e-9


def test_an_empty_curve_is_refused():
    with pytest.raises(ValueError, match="at least one point"):
        area_under_curve([], [])


def test_one_lucky_point_is_not_enough():
    assert labels_to_reach([10, 20, 30], [0.9, 0.5, 0.6], 0.8) is None
    assert labels_to_share_of_full([10, 20, 30], [0.5, 0.5, 0.6], full=0.9) is None
