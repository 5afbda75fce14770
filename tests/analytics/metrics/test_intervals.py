"""Do intervals say what they promise?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from analytics.metrics.bootstrap import outcomes_multi, outcomes_single, with_intervals
from analytics.metrics.classification import report_multi, report_single
from analytics.metrics.intervals import f1_of_counts, proportion, wilson

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


def averages(report):
    return [
        measure
        for average in (report.micro, report.macro, report.weighted)
        for measure in (average.precision, average.recall, average.f1)
    ]


@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(2, 5))
def test_bootstrap_intervals_hold_the_value_and_stay_inside_0_and_1(
    seed: int, n_documents: int, n_classes: int
):
    random = np.random.default_rng(seed)
    truth, predicted = random.integers(0, n_classes, (2, n_documents))
    report = report_single(truth, predicted, n_classes)
    done = with_intervals(report, outcomes_single(truth, predicted, n_classes), seed=seed, n_resamples=50)
    for before, after in zip(averages(report), averages(done), strict=True):
        assert after.value == before.value
        if after.interval:
            assert 0 <= after.interval.low <= after.value <= after.interval.high <= 1


def test_the_same_seed_gives_the_same_interval_and_another_seed_another():
    truth, predicted = np.random.default_rng(1).integers(0, 3, (2, 100))
    report, outcomes = report_single(truth, predicted, 3), outcomes_single(truth, predicted, 3)
    once, again, other = (with_intervals(report, outcomes, seed=seed) for seed in (7, 7, 8))
    assert once == again
    assert once != other


def test_a_perfect_score_on_few_documents_is_not_certain():
    truth = np.arange(20) % 2
    done = with_intervals(report_single(truth, truth, 2), outcomes_single(truth, truth, 2), seed=1)
    assert done.macro.f1.interval.high == 1
    assert 0.7 < done.macro.f1.interval.low < 0.95


def test_one_hot_tables_give_the_same_intervals_as_single_classes():
    """Micro recall resamples the same documents whichever way they are written down."""
    truth, predicted = np.random.default_rng(3).integers(0, 4, (2, 200))
    single = with_intervals(report_single(truth, predicted, 4), outcomes_single(truth, predicted, 4), seed=1)
    tables = np.eye(4, dtype=bool)[truth], np.eye(4, dtype=bool)[predicted]
    multi = with_intervals(report_multi(*tables), outcomes_multi(*tables), seed=1)
    for one, other in zip(averages(single), averages(multi), strict=True):
        assert other.value == pytest.approx(one.value)
        assert other.interval.low == pytest.approx(one.interval.low, abs=0.02)
        assert other.interval.high == pytest.approx(one.interval.high, abs=0.02)


def test_an_empty_test_set_has_no_intervals():
    empty = np.array([], np.int64)
    report = report_single(empty, empty, 2)
    assert with_intervals(report, outcomes_single(empty, empty, 2), seed=1) == report
