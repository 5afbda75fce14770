"""Do intervals say what they promise?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest
from statsmodels.stats.proportion import proportion_confint

from analytics.metrics.intervals import (
    EXACT,
    effective_interval,
    f1_of_counts,
    interval_of_share,
    proportion,
    wilson,
)
from analytics.metrics.measures import Interval

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
    for interval in (wilson, interval_of_share):
        with pytest.raises(ValueError, match="is not a proportion"):
            interval(successes, trials)


@given(TRIALS, st.sampled_from([0.8, 0.95, 0.99]))
def test_an_end_of_a_share_is_where_scipy_has_the_mid_p_value_of_one_tail(trial, confidence):
    (successes, trials), tail = trial, (1 - confidence) / 2
    ours = interval_of_share(successes, trials, confidence)
    if successes:
        more = binom.sf(successes, trials, ours.low) + binom.pmf(successes, trials, ours.low) / 2
        assert more == pytest.approx(tail, abs=1e-7)
    if successes < trials:
        fewer = binom.cdf(successes, trials, ours.high) - binom.pmf(successes, trials, ours.high) / 2
        assert fewer == pytest.approx(tail, abs=1e-7)


@given(TRIALS)
def test_the_interval_of_a_share_lies_within_the_exact_one_of_scipy_and_mirrors(trial):
    successes, trials = trial
    exact = binomtest(successes, trials).proportion_ci(0.95, method="exact")
    ours, mirrored = interval_of_share(successes, trials), interval_of_share(trials - successes, trials)
    assert exact.low - 1e-9 <= ours.low < ours.high <= exact.high + 1e-9
    assert (ours.low, ours.high) == pytest.approx((1 - mirrored.high, 1 - mirrored.low), abs=1e-12)


@given(st.floats(1e-3, 5000), st.floats(0, 1))
def test_effective_cases_give_an_interval_around_the_share_inside_0_and_1(trials: float, share: float):
    successes = min(share * trials, trials)
    interval = interval_of_share(successes, trials)
    assert 0 <= interval.low <= successes / trials <= interval.high <= 1
    assert interval.width > 0
    fewer = interval_of_share(successes / 1.5, trials / 1.5)
    assert fewer.width >= interval.width - 1e-9


@given(st.integers(1, 400), st.data())
def test_both_ends_rise_with_every_success(trials: int, data: st.DataObject):
    successes = data.draw(st.integers(0, trials - 1))
    once, more = interval_of_share(successes, trials), interval_of_share(successes + 1, trials)
    assert once.low < more.low
    assert once.high < more.high


@pytest.mark.parametrize("trials", [1, 2, 3, 5, 12, 30, 100, 400])
def test_no_share_of_any_number_of_cases_is_missed_more_often_than_8_times_in_100(trials: int):
    assert (
        least_coverage(interval_of_share, trials) > 0.915
    )  # Clopper and Pearson's: .95, but .98 on the mean
    assert least_coverage(wilson, trials) < 0.84


def least_coverage(interval: Callable[[float, float], Interval], trials: int) -> float:
    """By the binomial law, of all true shares; it is least just beside an end."""
    table = [interval(successes, trials) for successes in range(trials + 1)]
    low, high = np.array([[one.low, one.high] for one in table]).T
    ends = np.concatenate([low, high])
    shares = np.concatenate([ends - 1e-9, ends + 1e-9])[:, None]
    held = binom.pmf(np.arange(trials + 1), trials, shares) * ((low <= shares) & (shares <= high))
    inside = (shares > 0) & (shares < 1)
    return float(held.sum(axis=1)[inside.ravel()].min())


@pytest.mark.parametrize(
    ("share", "documents", "recall", "extra"),
    [
        (0.02, 30, 0.3, 0.014),  # worst with Wilson's: 50 classes, 30% right
        (0.0235, 30, 0.3, 0.0165),
        (0.0235, 30, 0.7, 0.007),
        (1 / 6, 30, 0.02, 0.163),
        (0.005, 400, 0.3, 0.0035),
        (0.005, 400, 0.95, 0.0003),
    ],
)
@pytest.mark.slow
def test_f1_holds_the_truth_where_a_class_is_known_only_because_a_document_came(
    share, documents, recall, extra
):
    right, union = share * recall, share + extra
    held = defined = 0.0
    for cases in range(1, documents + 1):
        chances = binom.pmf(cases, documents, union) * binom.pmf(np.arange(cases + 1), cases, right / union)
        chances[0] -= binom.pmf(cases, documents, union) * (extra / union) ** cases  # none has the class
        for count, chance in enumerate(chances):
            interval = f1_of_counts(count, 0, cases - count).interval
            defined += chance
            held += chance * (interval.low <= 2 * right / (union + right) <= interval.high)
    assert held / defined > 0.93


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
