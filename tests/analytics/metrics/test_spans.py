"""Is a span right only when it is right in full?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.metrics.averages import with_intervals
from analytics.metrics.classification import NEVER_PREDICTED
from analytics.metrics.intervals import NO_SUPPORT
from analytics.metrics.outcomes import outcomes_of_documents
from analytics.metrics.spans import NO_FIXED_UNITS, counts_of_documents, report_of_documents

SPANS = st.sets(st.tuples(st.integers(0, 5), st.integers(6, 9), st.integers(0, 2)), max_size=6)
DOCUMENTS = st.lists(st.tuples(SPANS, SPANS), min_size=1, max_size=8)


def test_a_table_computed_by_hand():
    person, index = 0, 1
    truth = [[(0, 5, person), (10, 16, index)], [(0, 4, index)], []]
    predicted = [[(0, 5, person), (10, 15, index)], [(0, 4, person)], [(2, 3, index)]]
    report = report_of_documents(*counts_of_documents(truth, predicted, 3))
    of_person, of_place, unused = report.classes
    assert (of_person.precision.value, of_person.recall.value, of_person.f1.value) == (
        0.5,
        1,
        pytest.approx(2 / 3),
    )
    assert (of_place.precision.value, of_place.recall.value, of_place.f1.value) == (0, 0, 0)
    assert (unused.precision.reason, unused.recall.reason) == (NEVER_PREDICTED, NO_SUPPORT)
    assert (report.micro.precision.value, report.micro.recall.value) == (1 / 4, 1 / 3)
    assert report.micro.f1.value == pytest.approx(2 / 7)
    assert report.macro.f1.value == pytest.approx(1 / 3)
    assert report.accuracy.value == 0
    assert report.hamming_loss.reason == NO_FIXED_UNITS


@given(DOCUMENTS)
def test_counts_equal_a_plain_count_of_equal_spans(documents):
    truth, predicted = [t for t, _ in documents], [p for _, p in documents]
    report = report_of_documents(*counts_of_documents(truth, predicted, 3))
    for index, scores in enumerate(report.classes):
        right = sum(span in p for t, p in documents for span in t if span[2] == index)
        n_true = sum(span[2] == index for t in truth for span in t)
        n_predicted = sum(span[2] == index for p in predicted for span in p)
        assert (scores.true_positives, scores.support) == (right, n_true)
        assert scores.false_positives == n_predicted - right


@given(DOCUMENTS)
def test_swapping_truth_and_prediction_swaps_precision_and_recall(documents):
    truth, predicted = [t for t, _ in documents], [p for _, p in documents]
    first = report_of_documents(*counts_of_documents(truth, predicted, 3))
    other = report_of_documents(*counts_of_documents(predicted, truth, 3))
    assert first.micro.precision.value == other.micro.recall.value
    assert first.micro.recall.value == other.micro.precision.value


@given(DOCUMENTS)
def test_intervals_hold_the_value(documents):
    truth, predicted = [t for t, _ in documents], [p for _, p in documents]
    report = report_of_documents(*counts_of_documents(truth, predicted, 3))
    micro = with_intervals(report, outcomes_of_documents(*counts_of_documents(truth, predicted, 3))).micro.f1
    if micro.interval:
        assert micro.interval.low <= micro.value <= micro.interval.high


@pytest.mark.parametrize(
    ("truth", "predicted", "reason"),
    [([[]], [], "documents"), ([[(0, 1, 0)] * 2], [[]], "twice"), ([[(0, 1, 3)]], [[]], "classes must be")],
)
def test_input_that_does_not_fit_is_refused(truth, predicted, reason):
    with pytest.raises(ValueError, match=reason):
        report_of_documents(*counts_of_documents(truth, predicted, 3))
