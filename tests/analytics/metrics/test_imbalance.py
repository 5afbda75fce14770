"""Is unevenness measured as people mean it?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy

from analytics.metrics.imbalance import A_CLASS_IS_EMPTY, NO_LABELS, ONE_CLASS, imbalance

COUNTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=30).map(np.array)


def test_even_classes_are_even():
    measured = imbalance(np.array([7, 7, 7, 7]))
    assert measured.shares == (0.25,) * 4
    assert measured.ratio.value == 1
    assert measured.normalized_entropy.value == pytest.approx(1)
    assert measured.effective_classes.value == pytest.approx(4)


def test_a_class_without_labels_leaves_the_ratio_undefined():
    measured = imbalance(np.array([10, 0]))
    assert measured.ratio.reason == A_CLASS_IS_EMPTY
    assert measured.n_empty == 1
    assert (measured.normalized_entropy.value, measured.effective_classes.value) == (0, 1)


def test_no_labels_and_a_single_class_are_undefined_with_their_reasons():
    assert imbalance(np.array([0, 0])).normalized_entropy.reason == NO_LABELS
    assert imbalance(np.array([5])).normalized_entropy.reason == ONE_CLASS


@given(COUNTS)
def test_entropy_equals_scipy_and_effective_classes_stay_in_range(counts):
    measured = imbalance(counts)
    if counts.sum():
        assert np.log(measured.effective_classes.value) == pytest.approx(entropy(counts), abs=1e-9)
        assert 1 - 1e-9 <= measured.effective_classes.value <= len(counts) + 1e-9
        assert sum(measured.shares) == pytest.approx(1)


@given(COUNTS, st.integers(2, 9))
def test_more_of_the_same_mix_changes_nothing(counts, factor):
    once, more = imbalance(counts), imbalance(counts * factor)
    assert once.n_empty == more.n_empty
    assert once.shares == pytest.approx(more.shares)


@pytest.mark.parametrize("counts", [[], [[1]], [-1, 2]])
def test_input_that_does_not_fit_is_refused(counts):
    with pytest.raises(ValueError, match="counts must be"):
        imbalance(np.array(counts, np.int64))
