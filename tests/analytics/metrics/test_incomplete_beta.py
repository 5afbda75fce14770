"""Is the incomplete beta function SciPy's, at every size that a report can have?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from analytics.metrics.incomplete_beta import beta_quantile, incomplete_beta

CASES = st.one_of(st.floats(1e-3, 50), st.floats(50, 5_000), st.floats(1e4, 1e7))


@given(CASES, CASES, st.floats(-4, 4))
def test_the_function_is_scipy_s(a: float, b: float, deviations: float):
    mean = a / (a + b)
    x = mean + deviations * (mean * (1 - mean) / (a + b + 1)) ** 0.5
    assert incomplete_beta(a, b, x) == pytest.approx(special.betainc(a, b, min(max(x, 0), 1)), abs=1e-9)


@given(CASES, CASES, st.floats(1e-3, 0.999))
def test_a_quantile_is_where_scipy_has_it(a: float, b: float, probability: float):
    assert beta_quantile(a, b, probability) == pytest.approx(special.betaincinv(a, b, probability), abs=1e-9)
