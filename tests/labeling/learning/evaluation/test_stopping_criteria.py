"""Advice on stopping is honest: it says what is known, how well, and nothing where nothing is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from labeling.learning.evaluation.stopping_criteria import (
    FLAT,
    MIN_SAMPLED,
    WINDOW,
    Gain,
    Trend,
    TrendStatus,
    accuracy_trend,
    advise,
    expected_gain,
    prediction_kappa,
    t_quantile,
)

FLAT_TREND = Trend(0.0, -0.1, 0.1, 20)
TWO_SCORES = [0.98, 0.99]
SETTLED = [0.97, 0.98, 0.99]


def one_hot(numbers, n_classes=3):
    return np.eye(n_classes, dtype=bool)[np.asarray(numbers)]


@given(st.lists(st.integers(0, 2), min_size=1, max_size=30))
def test_a_model_agrees_with_itself(numbers):
    assert prediction_kappa(one_hot(numbers), one_hot(numbers), is_single=True) == 1
    assert prediction_kappa(one_hot(numbers), one_hot(numbers), is_single=False) == 1


def test_kappa_is_about_nothing_where_two_models_agree_by_chance_only():
    rng = np.random.default_rng(0)
    first, second = rng.integers(3, size=(2, 5_000))
    assert prediction_kappa(one_hot(first), one_hot(second), is_single=True) == pytest.approx(0, abs=0.03)


def test_every_label_of_several_is_one_decision():
    before = np.array([[1, 0], [0, 1], [1, 1], [0, 0]], dtype=bool)
    after = before.copy()
    after[0, 0] = False
    assert prediction_kappa(before, after, is_single=False) == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("kappas", "trend", "standing"),
    [
        ([], None, TrendStatus.UNKNOWN),
        (TWO_SCORES, FLAT_TREND, TrendStatus.UNKNOWN),
        (SETTLED, None, TrendStatus.UNKNOWN),
        (SETTLED, FLAT_TREND, TrendStatus.STABILIZED),
        ([0.5, *SETTLED], FLAT_TREND, TrendStatus.STABILIZED),  # only the latest three count
        ([0.9, 0.98, 0.98], FLAT_TREND, TrendStatus.LEARNING),
        (SETTLED, Trend(FLAT + 0.001, -0.1, 0.1, 20), TrendStatus.LEARNING),
        (SETTLED, Trend(0.004, 0.001, 0.007, 900), TrendStatus.LEARNING),  # slow, but it rises
    ],
)
def test_it_has_stabilised_when_predictions_agree_and_accuracy_stands_still(kappas, trend, standing):
    assert advise(kappas, trend, None).standing is standing


def test_a_trend_needs_enough_random_documents_among_the_latest_answers():
    ages = np.arange(MIN_SAMPLED) * 10
    assert accuracy_trend(ages, np.ones(MIN_SAMPLED, dtype=bool)) is not None
    assert accuracy_trend(ages[1:], np.ones(MIN_SAMPLED - 1, dtype=bool)) is None
    assert accuracy_trend(ages + WINDOW - 50, np.ones(MIN_SAMPLED, dtype=bool)) is None


def test_always_right_so_far_is_no_certainty():
    trend = accuracy_trend(np.arange(20) * 10, np.ones(20, dtype=bool))
    assert trend.slope == 0
    assert trend.low < -0.05 < 0.05 < trend.high


def test_the_interval_of_a_trend_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(1)
    ages, held = np.arange(0, 200, 5), 0
    for _ in range(400):
        probability = 0.8 - 0.1 * ages / 100
        trend = accuracy_trend(ages, rng.random(len(ages)) < probability)
        held += trend.low <= 0.1 <= trend.high
    assert 0.92 < held / 400 < 0.99


def test_the_gain_of_a_power_law_is_read_off_it():
    labels = np.array([40, 80, 160, 320, 640])
    error = 0.9 * labels**-0.4
    gain = expected_gain(labels, error * 5_001 - 0.5, np.full(5, 5_000))
    assert gain.value == pytest.approx(0.9 * (640**-0.4 - 740**-0.4), rel=1e-3)
    assert gain.low <= gain.value <= gain.high


def test_the_gain_is_uncertain_where_the_curve_is_rough():
    labels, documents = np.array([40, 80, 160, 320]), np.full(4, 100)
    smooth = expected_gain(labels, np.array([40, 30, 22, 16]), documents)
    rough = expected_gain(labels, np.array([30, 42, 12, 20]), documents)
    assert rough.high - rough.low > 2 * (smooth.high - smooth.low)


@pytest.mark.parametrize(
    ("labels", "documents"),
    [([50, 100, 200], [99] * 3), ([100, 105, 110, 115], [99] * 4), ([50, 100, 200, 400], [29] * 4), ([], [])],
)
def test_no_gain_is_made_up_from_too_little(labels, documents):
    assert expected_gain(np.array(labels), np.array(documents) / 4, np.array(documents)) is None


def test_nothing_wrong_at_all_promises_little():
    gain = expected_gain(np.array([50, 100, 200, 400]), np.zeros(4), np.full(4, 100))
    assert isinstance(gain, Gain)
    assert abs(gain.value) < 0.005


def test_quantiles_of_student_s_distribution_are_scipy_s():
    degrees = [*range(1, 201), 1_000, 100_000]
    assert [t_quantile(n) for n in degrees] == pytest.approx(student.ppf(0.975, degrees), abs=1e-4)
