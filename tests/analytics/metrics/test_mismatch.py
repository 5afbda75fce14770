"""Does the test for a mismatch find one where there is one, and hardly ever where there is none?"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.stats.contingency import association

from analytics.metrics.discoveries import adjusted_p_values
from analytics.metrics.mismatch import adjusted_residuals, mismatch

TABLES = [([90, 10], [60, 40]), ([30, 40, 30], [33, 38, 29]), ([5, 0, 80, 15], [9, 2, 160, 29])]


@pytest.mark.parametrize(("first", "second"), TABLES)
def test_statistic_p_value_and_effect_size_are_those_of_scipy(first, second):
    table = np.array([first, second])
    tested = mismatch(*table, seed=1)
    expected = stats.chi2_contingency(table, correction=False)
    assert tested.statistic == pytest.approx(expected.statistic, rel=1e-12)
    assert tested.p_value == pytest.approx(expected.pvalue, abs=0.08)  # theirs is the limit of large counts
    assert tested.cramers_v == pytest.approx(association(table, method="cramer"), rel=1e-12)


def test_residuals_are_those_of_statsmodels_definition():
    table = np.array([[12, 30, 8], [40, 22, 18]])
    rows, columns = table.sum(axis=1, keepdims=True), table.sum(axis=0)
    expected = rows * columns / table.sum()
    spread = np.sqrt(expected * (1 - rows / table.sum()) * (1 - columns / table.sum()))
    assert adjusted_residuals(table) == pytest.approx((table - expected) / spread)


def test_the_p_value_of_rare_classes_is_the_exact_one():
    table = np.array([[3, 0], [4, 60]])
    exact = stats.fisher_exact(table).pvalue
    assert mismatch(*table, seed=1, draws=40_000).p_value == pytest.approx(exact, abs=0.001)


def test_equal_mixes_are_told_apart_no_more_often_than_promised():
    random = np.random.default_rng(3)
    shares = [0.6, 0.25, 0.1, 0.04, 0.01]
    tried = [
        mismatch(random.multinomial(300, shares), random.multinomial(80, shares), seed=n, draws=400).p_value
        for n in range(400)
    ]
    assert np.mean(np.array(tried) <= 0.05) == pytest.approx(0.05, abs=0.03)


@pytest.mark.parametrize(("first", "second"), [([0, 0], [3, 4]), ([3, 0], [9, 0]), ([], [])])
def test_without_two_classes_on_two_sides_there_is_nothing_to_compare(first, second):
    tested = mismatch(np.array(first, dtype=int), np.array(second, dtype=int), seed=1)
    assert (tested.statistic, tested.p_value, tested.cramers_v) == (0.0, 1.0, 0.0)
    assert len(tested.residuals) == len(first)


def test_counts_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="equal and flat"):
        mismatch(np.array([1, 2]), np.array([1, 2, 3]), seed=1)
    with pytest.raises(ValueError, match="never negative"):
        mismatch(np.array([1, -2]), np.array([1, 2]), seed=1)


def test_adjusted_p_values_are_those_of_scipy():
    p_values = np.random.default_rng(1).random(40) ** 3
    expected = stats.false_discovery_control(p_values)
    assert adjusted_p_values(p_values) == pytest.approx(expected)
    assert adjusted_p_values(np.array([])).size == 0
