"""Are probabilities judged as the textbooks do?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from analytics.metrics.calibration import NOTHING_TESTED, binary_log_loss, brier, calibration, log_loss


def sample(seed: int, n_documents: int = 50, n_classes: int = 4):
    random = np.random.default_rng(seed)
    return random.dirichlet(np.ones(n_classes), n_documents), random.integers(0, n_classes, n_documents)


@given(st.integers(0, 2**32))
def test_log_loss_and_brier_equal_scikit_learn(seed: int):
    probabilities, truth = sample(seed)
    theirs = sklearn_metrics.log_loss(truth, probabilities, labels=range(4))
    assert log_loss(probabilities, truth).value == pytest.approx(theirs, abs=1e-12)
    one_hot = np.eye(4, dtype=bool)[truth]
    theirs = sklearn_metrics.brier_score_loss(truth, probabilities, labels=range(4), scale_by_half=False)
    assert brier(probabilities, one_hot).value == pytest.approx(theirs, abs=1e-12)
    flat = sklearn_metrics.log_loss(one_hot.ravel(), probabilities.ravel())
    assert binary_log_loss(probabilities, one_hot).value == pytest.approx(flat, abs=1e-12)


def test_a_certain_and_wrong_model_has_a_finite_loss():
    assert 30 < log_loss(np.array([[0.0, 1.0]]), np.array([0])).value < 40


def test_calibration_computed_by_hand():
    confidences = np.array([0.95, 0.95, 0.95, 0.95, 0.55, 0.55, 1.0])
    is_right = np.array([True, True, True, False, True, False, True])
    calibrated = calibration(confidences, is_right)
    assert [b.n_documents for b in calibrated.bins] == [2, 5]
    assert calibrated.bins[1].share_right == pytest.approx(4 / 5)
    assert calibrated.error.value == pytest.approx((2 * 0.05 + 5 * abs(4.8 / 5 - 4 / 5)) / 7)


@given(st.integers(0, 2**32), st.integers(1, 20))
def test_bins_hold_every_document_once(seed: int, n_bins: int):
    probabilities, truth = sample(seed)
    calibrated = calibration(probabilities.max(axis=1), probabilities.argmax(axis=1) == truth, n_bins)
    assert sum(b.n_documents for b in calibrated.bins) == 50
    assert all(b.low - 1e-9 <= b.confidence <= b.high + 1e-9 for b in calibrated.bins)
    assert 0 <= calibrated.error.value <= 1


def test_an_honest_model_is_calibrated_and_a_boastful_one_is_not():
    random = np.random.default_rng(1)
    confidences = random.uniform(0.5, 1, 20_000)
    is_right = random.random(20_000) < confidences
    assert calibration(confidences, is_right).error.value < 0.02
    assert calibration(np.sqrt(confidences), is_right).error.value > 0.08


def test_an_empty_test_set_has_no_value():
    none = np.zeros((0, 3))
    assert log_loss(none, np.zeros(0, np.int64)).reason == NOTHING_TESTED
    assert brier(none, none.astype(bool)).reason == NOTHING_TESTED
    assert binary_log_loss(none, none.astype(bool)).reason == NOTHING_TESTED
    assert calibration(np.zeros(0), np.zeros(0, bool)).error.reason == NOTHING_TESTED


def test_input_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="must be equal and flat"):
        calibration(np.zeros(2), np.zeros(3, bool))
    with pytest.raises(ValueError, match="do not fit"):
        log_loss(np.zeros((2, 2)), np.zeros(3, np.int64))
    with pytest.raises(ValueError, match="must be equal tables"):
        brier(np.zeros((2, 2)), np.zeros((2, 3), bool))
