"""Is the order of the classes judged as scikit-learn judges it?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from analytics.metrics.classification import NOTHING_TESTED
from analytics.metrics.ranking import ranking


@given(st.integers(0, 2**32), st.integers(1, 20), st.integers(2, 6), st.integers(2, 9))
def test_equal_to_scikit_learn_also_with_ties_and_documents_without_a_class(
    seed, n_documents, n_classes, steps
):
    random = np.random.default_rng(seed)
    truth = random.random((n_documents, n_classes)) < random.random()
    probabilities = random.integers(0, steps, truth.shape) / steps
    ranked = ranking(probabilities, truth)
    average_precision = sklearn_metrics.label_ranking_average_precision_score(truth, probabilities)
    assert ranked.average_precision.value == pytest.approx(average_precision, abs=1e-12)
    loss = sklearn_metrics.label_ranking_loss(truth, probabilities)
    assert ranked.loss.value == pytest.approx(loss, abs=1e-12)
    coverage = sklearn_metrics.coverage_error(truth, probabilities)
    assert ranked.coverage.value == pytest.approx(coverage, abs=1e-12)
    for measure in (ranked.average_precision, ranked.loss, ranked.coverage):
        assert measure.interval.low <= measure.value <= measure.interval.high


def test_a_perfect_order_is_not_certain_on_few_documents():
    truth = np.eye(3, dtype=bool)[[0, 1, 2] * 10]
    ranked = ranking(truth * 0.9 + 0.05, truth)
    assert (ranked.average_precision.value, ranked.loss.value, ranked.coverage.value) == (1, 0, 1)
    assert 0.8 < ranked.average_precision.interval.low < 0.99


def test_an_empty_test_set_has_no_value_and_tables_must_fit():
    assert ranking(np.zeros((0, 2)), np.zeros((0, 2), bool)).loss.reason == NOTHING_TESTED
    with pytest.raises(ValueError, match="must be equal tables"):
        ranking(np.zeros((2, 2)), np.zeros((2, 3), bool))
