"""How weak a class is, and how many places that gives it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.learning.query_strategies.class_weights import (
    class_agreement,
    prequential_f1,
    quotas,
    weak_class_weights,
)


def test_a_class_on_which_annotators_disagree_gets_half():
    f1, counts = np.array([0.5, 0.5, 0.5]), np.array([10, 10, 10])
    weights = weak_class_weights(f1, counts, np.array([False, True, False]))
    assert weights[1] == pytest.approx(weights[0] / 2)


def test_agreement_needs_enough_pairs_and_ignores_documents_with_one_answer():
    given_flags = np.array([[True, False]] * 4 + [[True, True]] * 20)
    documents = np.r_[[0, 0, 1, 1], np.arange(2, 22)]
    assert np.isnan(class_agreement(given_flags, documents)).all()
    both = np.array([[True, False], [False, True]] * 6 + [[True, False], [True, False]] * 3)
    agreement = class_agreement(both, np.repeat(np.arange(9), 2))
    assert agreement.round(2).tolist() == [0.5, 0.0]


@given(
    arrays=st.lists(st.tuples(st.floats(0.01, 1), st.integers(0, 30)), min_size=1, max_size=10),
    total=st.integers(0, 60),
)
def test_quotas_fill_what_they_can_and_no_more(arrays, total):
    weights, available = np.array([w for w, _ in arrays]), np.array([a for _, a in arrays])
    indices = quotas(weights, available, total)
    assert (indices >= 0).all()
    assert (indices <= available).all()
    assert indices.sum() <= total
    if (available >= total).all():
        assert indices.sum() == total


@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(-1, 3)), max_size=60))
def test_quality_is_better_where_predictions_are_right(pairs):
    predicted, given_labels = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    result = prequential_f1(predicted, given_labels, 4)
    assert ((result > 0) & (result < 1)).all()
    right = prequential_f1(given_labels, given_labels, 4)
    assert (right >= result - 1e-12).all()


def test_only_the_latest_pairs_count():
    old, new = np.zeros(1_000, dtype=np.int64), np.ones(300, dtype=np.int64)
    assert prequential_f1(np.r_[old, new], np.r_[old + 1, new], 2)[1] > 0.99
