"""Are curves those of scikit-learn, and is a picked threshold not sold for more than it is worth?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from analytics.metrics.intervals import NO_SUPPORT
from analytics.metrics.thresholds import (
    average_precision,
    best_threshold,
    precision_recall_curve,
    threshold_interval,
)


def sample(seed: int, n_documents: int, steps: int = 50, signal: float = 1.0):
    random = np.random.default_rng(seed)
    truth = random.random(n_documents) < 0.3
    truth[0] = True
    probabilities = 1 / (1 + np.exp(-random.normal(signal * truth, 1)))
    return np.round(probabilities * steps) / steps, truth


@given(st.integers(0, 2**32), st.integers(1, 40), st.sampled_from([3, 1000]))
def test_points_and_areas_equal_scikit_learn(seed: int, n_documents: int, steps: int):
    probabilities, truth = sample(seed, n_documents, steps)
    precision, recall, thresholds = sklearn_metrics.precision_recall_curve(truth, probabilities)
    curve = precision_recall_curve(probabilities, truth)
    np.testing.assert_allclose(curve.precision, precision, atol=1e-12)
    np.testing.assert_allclose(curve.recall, recall, atol=1e-12)
    np.testing.assert_allclose(curve.thresholds, thresholds, atol=0)
    theirs = sklearn_metrics.average_precision_score(truth, probabilities)
    assert average_precision(probabilities, truth).value == pytest.approx(theirs, abs=1e-12)


@given(st.integers(0, 2**32), st.integers(2, 40))
def test_no_threshold_has_a_better_f1(seed: int, n_documents: int):
    probabilities, truth = sample(seed, n_documents)
    best = best_threshold(probabilities, truth, seed=1)
    every = [
        sklearn_metrics.f1_score(truth, probabilities >= threshold) for threshold in np.unique(probabilities)
    ]
    assert best.f1.value == pytest.approx(max(every), abs=1e-12)
    assert sklearn_metrics.f1_score(truth, probabilities >= best.value) == pytest.approx(
        max(every), abs=1e-12
    )


def test_a_threshold_picked_on_noise_is_said_to_flatter():
    """The expected F1 of a picked threshold lies nearer the cross-fitted value than the flattered one."""
    flattered, elsewhere, truly = [], [], []
    for seed in range(200):
        probabilities, truth = sample(seed, 60, 1000)
        threshold = best_threshold(probabilities, truth, seed=seed)
        others, their_truth = sample(10_000 + seed, 4_000, 1000)
        flattered.append(threshold.f1.value)
        elsewhere.append(threshold.f1_elsewhere.value)
        truly.append(sklearn_metrics.f1_score(their_truth, others >= threshold.value))
    assert np.mean(flattered) > np.mean(truly) + 0.03
    assert abs(np.mean(elsewhere) - np.mean(truly)) < 0.02


def test_intervals_hold_what_was_found():
    probabilities, truth = sample(3, 300)
    threshold = best_threshold(probabilities, truth, seed=1)
    of_threshold, of_f1 = threshold_interval(probabilities, truth, seed=1)
    assert of_threshold.low <= threshold.value <= of_threshold.high
    assert of_f1.low <= threshold.f1.value <= of_f1.high


def test_a_class_that_is_told_apart_perfectly_is_not_certain():
    probabilities = np.array([0.9] * 12 + [0.2] * 70)
    _, of_f1 = threshold_interval(probabilities, probabilities > 0.5, seed=1)
    assert of_f1.high == 1
    assert 0.6 < of_f1.low < 0.95


def test_a_class_without_a_document_has_no_threshold():
    probabilities, none = np.array([0.2, 0.8]), np.zeros(2, bool)
    threshold = best_threshold(probabilities, none, seed=1)
    assert (threshold.value, threshold.f1.reason, threshold.f1_elsewhere.reason) == (
        None,
        NO_SUPPORT,
        NO_SUPPORT,
    )
    assert average_precision(probabilities, none).reason == NO_SUPPORT
    assert threshold_interval(probabilities, none, seed=1) == (None, None)


def test_input_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="must be equal and flat"):
        precision_recall_curve(np.zeros(2), np.zeros(3, bool))
