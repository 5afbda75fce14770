"""Is a difference of two models told from noise?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from analytics.metrics.classification import NOTHING_TESTED, report_multi
from analytics.metrics.intervals import NO_SUPPORT
from analytics.metrics.paired import mcnemar, paired_differences, paired_differences_of_counts
from analytics.metrics.spans import counts_of_documents


def flags(indices, n_classes: int):
    return np.eye(n_classes, dtype=bool)[indices]


def two_models(seed: int, n_documents: int = 120, n_classes: int = 4, better: float = 0.0):
    """A truth and two models that err on 30% of the documents, the second on fewer by `better`."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, n_classes, n_documents)
    first, second = truth.copy(), truth.copy()
    for model, errors in ((first, 0.3), (second, 0.3 - better)):
        wrong = random.random(n_documents) < errors
        model[wrong] = (model[wrong] + random.integers(1, n_classes, wrong.sum())) % n_classes
    return tuple(flags(indices, n_classes) for indices in (truth, first, second))


@given(st.integers(0, 700), st.integers(0, 700))
def test_mcnemar_equals_the_exact_binomial_test(fixed: int, broken: int):
    if fixed + broken == 0:
        assert mcnemar(fixed, broken) == 1
        return
    theirs = binomtest(fixed, fixed + broken).pvalue
    assert mcnemar(fixed, broken) == pytest.approx(theirs, abs=1e-12 if fixed + broken <= 1000 else 0.002)


@given(st.integers(0, 2**32))
def test_differences_are_those_of_two_reports(seed: int):
    truth, first, second = two_models(seed, n_documents=25)
    differences = paired_differences(truth, first, second)
    left, other = report_multi(truth, first), report_multi(truth, second)
    assert differences.accuracy.change.value == pytest.approx(other.accuracy.value - left.accuracy.value)
    for name, difference in (("micro", differences.micro_f1), ("macro", differences.macro_f1)):
        assert difference.first == pytest.approx(getattr(left, name).f1.value)
        assert difference.second == pytest.approx(getattr(other, name).f1.value)
        interval = difference.change.interval
        assert interval.low <= difference.change.value <= interval.high
    for difference, before, after in zip(differences.classes, left.classes, other.classes, strict=True):
        if before.f1.is_defined:
            assert difference.change.value == pytest.approx(after.f1.value - before.f1.value)
        else:
            assert difference.change.reason == NO_SUPPORT


@given(st.integers(0, 2**32), st.integers(1, 30), st.integers(2, 6), st.sampled_from([0.0, 0.1, 0.9, 1.0]))
def test_intervals_of_differences_are_never_empty_nor_outside_their_bounds(seed, n, n_classes, right):
    random = np.random.default_rng(seed)
    truth, *others = random.integers(0, n_classes, (3, n))
    predictions = [np.where(random.random(n) < right, truth, other) for other in others]
    differences = paired_differences(*(flags(indices, n_classes) for indices in (truth, *predictions)))
    for difference in (
        differences.accuracy,
        differences.micro_f1,
        differences.macro_f1,
        *differences.classes,
    ):
        if difference.change.is_defined:
            interval = difference.change.interval
            assert -1 <= interval.low <= difference.change.value <= interval.high <= 1
            assert interval.width > 0


def test_two_models_of_which_neither_is_ever_right_may_differ():
    truth, wrong = flags([0, 1] * 5, 3), flags([1, 0] * 5, 3)
    differences = paired_differences(truth, wrong, np.roll(wrong, 1, axis=1) & ~truth)
    for difference in (
        differences.accuracy,
        differences.micro_f1,
        differences.macro_f1,
        *differences.classes[:2],
    ):
        assert difference.change.interval.low < -0.05 < 0.05 < difference.change.interval.high


def test_one_class_a_document_has_one_difference_of_accuracy_and_of_micro_f1():
    differences = paired_differences(*two_models(2))
    assert differences.micro_f1 == differences.accuracy


def test_swapping_the_models_turns_the_sign():
    truth, first, second = two_models(3, better=0.1)
    there, back = (
        paired_differences(truth, first, second),
        paired_differences(truth, second, first),
    )
    assert there.macro_f1.change.value == -back.macro_f1.change.value
    assert there.accuracy.change.interval.low == pytest.approx(-back.accuracy.change.interval.high)
    assert there.macro_f1.change.interval.low == pytest.approx(-back.macro_f1.change.interval.high, abs=0.02)
    assert (there.fixed, there.broken) == (back.broken, back.fixed)


def test_a_model_against_itself_is_no_difference_but_not_for_certain():
    truth, first, _ = two_models(1)
    differences = paired_differences(truth, first, first)
    for difference in (
        differences.accuracy,
        differences.micro_f1,
        differences.macro_f1,
        *differences.classes,
    ):
        assert difference.change.value == 0
        assert difference.change.interval.low < 0 < difference.change.interval.high
        assert not difference.is_beyond_noise


def test_a_clear_gain_is_told_from_noise_and_a_paired_interval_is_the_narrower_one():
    truth, first, _ = two_models(1, n_documents=400)
    second = first.copy()
    second[:40] = truth[:40]
    differences = paired_differences(truth, first, second)
    assert differences.broken == 0
    assert differences.accuracy.is_beyond_noise
    assert differences.macro_f1.is_beyond_noise
    assert differences.macro_f1.change.interval.width < 0.05  # of each model alone: 0.09


def test_classes_are_judged_together_so_that_chance_does_not_pick_one():
    alarms = 0
    for seed in range(40):
        differences = paired_differences(*two_models(seed, n_documents=300, n_classes=20))
        alarms += any(difference.is_beyond_noise for difference in differences.classes)
    assert alarms <= 6  # 95% of comparisons of equal models should have none


def test_spans_are_compared_by_their_counts():
    truth = [[(0, 4, 0), (6, 9, 1)], [(2, 5, 0)]] * 30
    worse = [[(0, 4, 0)], [(2, 4, 0)]] * 30
    counts = [counts_of_documents(truth, predicted, 2) for predicted in (worse, truth)]
    differences = paired_differences_of_counts(*counts)
    assert (differences.fixed, differences.broken) == (60, 0)
    assert differences.classes[1].change.value == 1
    assert differences.micro_f1.is_beyond_noise


def test_what_cannot_be_known_is_said_to_be_unknown():
    nothing = np.zeros((0, 2), bool)
    differences = paired_differences(nothing, nothing, nothing)
    assert differences.accuracy.change.reason == differences.macro_f1.change.reason == NOTHING_TESTED
    assert [difference.change.reason for difference in differences.classes] == [NO_SUPPORT] * 2


def test_input_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="must be equal tables"):
        paired_differences(np.zeros((2, 2), bool), np.zeros((2, 2), bool), np.zeros((3, 2), bool))
    tables = [(np.zeros((n, 2), int),) * 3 for n in (2, 3)]
    with pytest.raises(ValueError, match="of the same documents"):
        paired_differences_of_counts(*tables)
