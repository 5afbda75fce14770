"""Do intervals of averages hold where little is right, and can they be neither empty nor outside [0, 1]?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from analytics.metrics.averages import with_intervals
from analytics.metrics.classification import report_multi, report_single
from analytics.metrics.intervals import f1_of_counts, interval_of_share
from analytics.metrics.outcomes import (
    design_effects,
    outcomes_multi,
    outcomes_of_documents,
    outcomes_single,
)
from analytics.metrics.span_matches import span_matches
from analytics.metrics.spans import counts_of_documents, report_of_documents
from benchmarks._worlds import World
from benchmarks.coverage import judge


def single(truth, predicted, n_classes: int):
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    report = report_single(truth, predicted, n_classes)
    return with_intervals(report, outcomes_single(truth, predicted, n_classes))


def multi(truth, predicted):
    return with_intervals(report_multi(truth, predicted), outcomes_multi(truth, predicted))


def spans(truth, predicted, n_classes: int):
    counts = counts_of_documents(truth, predicted, n_classes)
    return with_intervals(report_of_documents(*counts), outcomes_of_documents(*counts))


def averages(report):
    rows = [
        measure
        for average in (report.micro, report.macro, report.weighted)
        for measure in (average.precision, average.recall, average.f1)
    ]
    return [item for item in (*rows, report.accuracy, report.hamming_loss) if item.is_defined]


def assert_sound(measures) -> None:
    for measure in measures:
        assert 0 <= measure.interval.low <= measure.value <= measure.interval.high <= 1
        assert measure.interval.width > 0


@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 30), st.sampled_from([0.0, 0.05, 0.5, 1.0]))
def test_intervals_of_one_class_a_document_are_sound(seed, n_documents, n_classes, accuracy):
    random = np.random.default_rng(seed)
    truth, other = random.integers(0, n_classes, (2, n_documents))
    predicted = np.where(random.random(n_documents) < accuracy, truth, other)
    assert_sound(averages(single(truth, predicted, n_classes)))


@given(st.integers(0, 2**32), st.integers(1, 30), st.integers(1, 12), st.floats(0, 1), st.floats(0, 1))
def test_intervals_of_several_classes_are_sound(seed, n_documents, n_classes, labels, result):
    random = np.random.default_rng(seed)
    truth = random.random((n_documents, n_classes)) < labels
    predicted = np.where(random.random(truth.shape) < result, truth, random.random(truth.shape) < labels)
    assert_sound(averages(multi(truth, predicted)))


@given(st.integers(0, 2**32), st.integers(1, 20), st.integers(1, 4), st.floats(0, 1))
def test_intervals_of_spans_are_sound(seed, n_documents, n_classes, result):
    random = np.random.default_rng(seed)
    truth = [
        [(10 * slot, 10 * slot + 5, int(random.integers(n_classes))) for slot in range(random.integers(0, 4))]
        for _ in range(n_documents)
    ]
    predicted = [
        [(s, e + int(random.integers(2)), c) for s, e, c in item if random.random() < result]
        for item in truth
    ]
    report = spans(truth, predicted, n_classes)
    assert_sound(measure for measure in averages(report))
    matches = span_matches(truth, predicted, n_classes)
    for way in (matches.partial, matches.by_class):
        for average in (way.all, *way.classes):
            measures = (average.precision, average.recall, average.f1)
            assert_sound(measure for measure in measures if measure.is_defined)


def test_one_wrong_document_tells_next_to_nothing_whatever_the_average():
    report = single([0], [1], 3)
    assert report.accuracy.interval.high == pytest.approx(0.95)
    assert report.micro.f1.interval == report.weighted.recall.interval == report.accuracy.interval
    for measure in averages(report):
        if measure is not report.hamming_loss:
            assert (measure.value, measure.interval.low) == (0, 0)
            assert measure.interval.high > 0.5


def test_nothing_right_of_forty_documents_leaves_room_for_a_little():
    report = single(np.arange(40) % 4, (np.arange(40) + 1) % 4, 4)
    assert report.micro.f1.interval == interval_of_share(0, 40)
    for measure in (report.macro.f1, report.weighted.f1, report.macro.recall, report.macro.precision):
        assert measure.interval.low == 0
        assert 0.04 < measure.interval.high < 0.2


def test_several_classes_of_which_none_is_given_are_not_certainly_never_found():
    truth = np.eye(3, dtype=bool)[np.arange(30) % 3]
    report = multi(truth, truth & False)
    for measure in (report.micro.f1, report.macro.f1, report.micro.recall):
        assert measure.interval.low == 0 < measure.interval.high
    assert report.hamming_loss.interval.low < report.hamming_loss.value < report.hamming_loss.interval.high


def test_where_nothing_is_right_forgiving_spans_have_the_interval_of_strict_ones():
    truth = [[(0, 4, 0)] for _ in range(9)]
    predicted = [[(10, 14, 0)] for _ in range(9)]
    strict = report_of_documents(*counts_of_documents(truth, predicted, 1)).classes[0]
    matches = span_matches(truth, predicted, 1)
    assert strict.f1.interval.high > 0.2
    for way in (matches.partial, matches.by_class):
        assert way.classes[0].f1.interval == strict.f1.interval
        assert way.classes[0].recall.interval == strict.recall.interval
    assert matches.by_class.all.f1.interval == spans(truth, predicted, 1).micro.f1.interval


def test_micro_averages_of_one_class_a_document_are_the_accuracy_with_its_interval():
    truth, predicted = np.random.default_rng(3).integers(0, 4, (2, 200))
    report = single(truth, predicted, 4)
    for measure in (report.micro.precision, report.micro.recall, report.micro.f1, report.weighted.recall):
        assert measure.interval == report.accuracy.interval
    tables = np.eye(4, dtype=bool)[truth], np.eye(4, dtype=bool)[predicted]
    for measure, other in zip(averages(report)[:9], averages(multi(*tables))[:9], strict=True):
        assert (other.value, other.interval.low, other.interval.high) == pytest.approx(
            (measure.value, measure.interval.low, measure.interval.high)
        )


@pytest.mark.parametrize("n_classes", [2, 5, 20])
def test_intervals_narrow_with_more_documents_and_rise_with_what_is_right(n_classes):
    truth = np.arange(60) % n_classes
    few, more = truth.copy(), truth.copy()
    few[:30], more[:15] = (few[:30] + 1) % n_classes, (more[:15] + 1) % n_classes
    worse, better = single(truth, few, n_classes), single(truth, more, n_classes)
    often = single(np.tile(truth, 10), np.tile(few, 10), n_classes)
    for low, high, narrow in zip(*(averages(report) for report in (worse, better, often)), strict=True):
        assert narrow.interval.width < low.interval.width / 2
        if low is not worse.hamming_loss:
            assert high.interval.low > low.interval.low
            assert high.interval.high > low.interval.high


def test_a_perfect_score_on_few_documents_is_not_certain():
    report = single(np.arange(20) % 2, np.arange(20) % 2, 2)
    assert report.macro.f1.interval.high == 1
    assert 0.7 < report.macro.f1.interval.low < 0.95


def test_documents_on_which_all_spans_go_wrong_together_widen_the_interval():
    truth = [[(0, 4, 0), (5, 9, 0), (10, 14, 0)] for _ in range(40)]
    together = [item if index % 2 else [] for index, item in enumerate(truth)]
    apart = [
        [span for slot, span in enumerate(item) if (index + slot) % 2] for index, item in enumerate(truth)
    ]
    wide, narrow = spans(truth, together, 1).micro.recall, spans(truth, apart, 1).micro.recall
    assert wide.value == narrow.value
    assert wide.interval.width > 1.4 * narrow.interval.width


def test_a_macro_average_is_about_the_classes_of_the_test_set():
    """A class that no document has changes neither the average nor whose average it is."""
    truth, predicted = np.array([0, 1] * 20), np.array([0, 1, 1, 1] * 10)
    few, many = single(truth, predicted, 2), single(truth, predicted, 6)
    assert few.macro.f1.value == many.macro.f1.value
    assert (few.n_averaged, many.n_averaged) == (2, 2)
    assert many.macro.f1.interval.low == pytest.approx(few.macro.f1.interval.low, abs=0.05)


def test_an_empty_test_set_has_no_intervals():
    empty = np.array([], np.int64)
    report = report_single(empty, empty, 2)
    assert with_intervals(report, outcomes_single(empty, empty, 2)) == report


@pytest.mark.parametrize(
    "world",
    [
        World("single", 30, 20, 0.02, is_skewed=False),  # covered .78 when averages were bootstrapped
        World("single", 100, 20, 0.3, is_skewed=True),
        World("single", 100, 6, 0.95, is_skewed=True),
        World("multi", 100, 20, 0.3, is_skewed=True),
        World("spans", 100, 6, 0.7, is_skewed=True),
    ],
    ids=lambda world: world.name,
)
def test_intervals_hold_the_truth_as_often_as_promised(world):
    for name, held in judge(world, test_sets=150).items():
        assert (held.empty, held.outside) == (0, 0), name
        assert held.held > 0.88, name  # .95 less four standard errors, or five for the classes together


@given(st.integers(0, 2**32), st.integers(1, 60), st.integers(2, 6))
def test_classes_of_documents_have_intervals_within_the_exact_ones_of_statsmodels(
    seed, n_documents, n_classes
):
    truth, predicted = np.random.default_rng(seed).integers(0, n_classes, (2, n_documents))
    assert design_effects(outcomes_single(truth, predicted, n_classes)) == pytest.approx(1)
    for scores in single(truth, predicted, n_classes).classes:
        for measure, trials in (
            (scores.precision, scores.true_positives + scores.false_positives),
            (scores.recall, scores.support),
        ):
            if trials:
                theirs = proportion_confint(scores.true_positives, trials, method="beta")
                assert theirs[0] - 1e-9 <= measure.interval.low < measure.interval.high <= theirs[1] + 1e-9
                assert measure.interval == interval_of_share(scores.true_positives, trials)


def test_a_span_with_wrong_ends_is_one_case_though_it_is_both_missed_and_extra():
    truth = [[(0, 4, 0)]] * 12
    predicted = [[(0, 4, 0)]] * 6 + [[(0, 5, 0)]] * 6
    wrong_ends = report_of_documents(*counts_of_documents(truth, predicted, 1)).classes[0]
    effect = design_effects(outcomes_of_documents(*counts_of_documents(truth, [[(0, 5, 0)]] * 12, 1)))
    assert effect[2] == pytest.approx(2, abs=0.01)
    assert effect[0] == effect[1] == 1
    assert wrong_ends.f1.value == 0.5
    assert wrong_ends.f1.interval.width > f1_of_counts(6, 6, 6).interval.width
    assert wrong_ends.recall.interval == interval_of_share(6, 12)
