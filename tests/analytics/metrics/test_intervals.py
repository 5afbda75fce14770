"""Do intervals say what they promise?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from statsmodels.stats.proportion import proportion_confint

from analytics.metrics.intervals import EXACT, effective_interval, f1_of_counts, proportion, wilson

TRIALS = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(TRIALS, st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_equals_scipy(trial: tuple[int, int], confidence: float):
    theirs = binomtest(*trial).proportion_ci(confidence, method="wilson")
    ours = wilson(*trial, confidence)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


@given(TRIALS)
def test_wilson_mirrors_when_successes_and_failures_swap(trial: tuple[int, int]):
    successes, trials = trial
    ours, mirrored = wilson(successes, trials), wilson(trials - successes, trials)
    assert (ours.low, ours.high) == pytest.approx((1 - mirrored.high, 1 - mirrored.low), abs=1e-12)


@pytest.mark.parametrize(("successes", "trials"), [(1, 0), (0, 0), (-1, 3), (4, 3)])
def test_what_is_no_proportion_is_refused(successes: int, trials: int):
    with pytest.raises(ValueError, match="is not a proportion"):
        wilson(successes, trials)


def test_no_trials_give_no_share():
    assert proportion(0, 0, "Nothing was tested.").reason == "Nothing was tested."


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300))
def test_the_interval_of_f1_holds_the_value_and_narrows_with_more_documents(tp: int, fp: int, fn: int):
    once, often = f1_of_counts(tp, fp, fn), f1_of_counts(10 * tp, 10 * fp, 10 * fn)
    if not once.is_defined:
        assert tp + fn == 0
        return
    assert once.interval.low <= once.value <= once.interval.high
    assert often.value == pytest.approx(once.value)
    assert often.interval.width < once.interval.width


@given(TRIALS, st.sampled_from([("beta", EXACT), ("jeffreys", 0.5)]))
def test_a_share_of_whole_cases_has_the_interval_of_statsmodels(trial: tuple[int, int], way):
    (successes, trials), (method, edge) = trial, way
    if not 0 < successes < trials:
        return
    share = successes / trials
    ours = effective_interval(share, share, share * (1 - share) / trials, edge=edge)
    theirs = proportion_confint(successes, trials, method=method)
    assert (ours.low, ours.high) == pytest.approx(theirs, abs=1e-9)


@given(st.floats(0, 1), st.floats(1e-6, 1 - 1e-6), st.floats(1e-12, 0.25), st.sampled_from([EXACT, 0.5]))
def test_an_interval_of_effective_cases_is_never_empty_nor_outside_0_and_1(value, center, variance, edge):
    interval = effective_interval(value, center, variance, edge=edge)
    assert 0 <= interval.low <= value <= interval.high <= 1
    assert interval.low <= center <= interval.high
    assert interval.width > 0


@given(st.floats(0.01, 0.99), st.floats(2, 10_000), st.sampled_from([EXACT, 0.5]))
def test_fewer_cases_never_narrow_an_interval(share, cases, edge):
    once, fewer = (
        effective_interval(share, share, share * (1 - share) / number, edge=edge)
        for number in (cases, cases / 1.2)
    )
    assert fewer.width >= once.width - 1e-9
