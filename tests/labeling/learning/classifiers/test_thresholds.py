"""A label is given from a threshold on that documents with equal probabilities pass together."""

import numpy as np
import pytest

from labeling.learning.classifiers.thresholds import PRIOR_THRESHOLD, decision_threshold


def test_no_threshold_is_picked_between_documents_that_the_model_cannot_tell_apart():
    is_positive = np.array([True] * 10 + [False] * 30)
    probabilities = np.array([0.5] * 39 + [0.4])
    half_way_below_the_half = 0.45  # all 39 or none: what lies among them is no threshold
    expected = (half_way_below_the_half + PRIOR_THRESHOLD) / 2
    assert decision_threshold(probabilities, is_positive) == pytest.approx(expected)


def test_a_class_that_nothing_has_keeps_the_usual_threshold():
    assert decision_threshold(np.array([0.9, 0.1]), np.zeros(2, bool)) == PRIOR_THRESHOLD
