"""Are the measures exact, and is what cannot be known said to be unknown?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from sklearn import metrics as sklearn_metrics

from analytics.metrics.classification import (
    NEVER_PREDICTED,
    NO_CLASS_DEFINED,
    NOTHING_PREDICTED,
    NOTHING_TESTED,
    confusion_matrix,
    report_multi,
    report_single,
)
from analytics.metrics.intervals import NO_SUPPORT
from analytics.metrics.measures import Measure

EXACT = 1e-12
SINGLE = st.integers(2, 6).flatmap(
    lambda k: st.lists(st.tuples(st.integers(0, k - 1), st.integers(0, k - 1)), min_size=1, max_size=60).map(
        lambda pairs: (np.array([t for t, _ in pairs]), np.array([p for _, p in pairs]), k)
    )
)
MULTI = st.tuples(st.integers(1, 30), st.integers(1, 6)).flatmap(
    lambda shape: st.tuples(arrays(np.bool_, shape), arrays(np.bool_, shape))
)


def value(measure: Measure) -> float:
    return np.nan if measure.value is None else measure.value


def test_the_worked_example_of_azure_with_the_right_numbers():
    """Printed there: comedy F1 0.80 (recall taken for 0.67) and model recall 0.67 (a miss forgotten)."""
    action, comedy, romance = 0, 1, 2
    truth, predicted = np.zeros((5, 3), bool), np.zeros((5, 3), bool)
    for row, classes in enumerate([(action, comedy), (action,), (romance,), (romance, comedy), (comedy,)]):
        truth[row, list(classes)] = True
    for row, classes in enumerate([(comedy,), (action,), (romance,), (romance,), (action,)]):
        predicted[row, list(classes)] = True

    report = report_multi(truth, predicted)

    scores = [(s.precision.value, s.recall.value, s.f1.value, s.support) for s in report.classes]
    assert scores == [(0.5, 0.5, 0.5, 2), (1.0, pytest.approx(1 / 3), 0.5, 3), (1.0, 1.0, 1.0, 2)]
    assert report.micro.precision.value == pytest.approx(4 / 5)
    assert report.micro.recall.value == pytest.approx(4 / 7)
    assert report.micro.f1.value == pytest.approx(2 / 3)
    assert report.classes[comedy].false_negatives == 2
    assert report.accuracy.value == pytest.approx(2 / 5)
    assert report.hamming_loss.value == pytest.approx(4 / 15)


def test_a_table_computed_by_hand():
    truth = np.array([0] * 6 + [1] * 3 + [2])
    predicted = np.array([0, 0, 0, 0, 1, 2, 1, 1, 0, 0])
    report = report_single(truth, predicted, 3)
    assert [(s.true_positives, s.false_positives, s.false_negatives) for s in report.classes] == [
        (4, 2, 2),
        (2, 1, 1),
        (0, 1, 1),
    ]
    assert report.macro.f1.value == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)
    assert report.weighted.f1.value == pytest.approx((6 * 2 / 3 + 3 * 2 / 3) / 10)
    assert report.accuracy.value == report.micro.f1.value == 0.6
    assert report.n_documents == 10


@given(SINGLE)
def test_one_class_a_document_equals_scikit_learn(sample: tuple[NDArray[np.int64], NDArray[np.int64], int]):
    truth, predicted, n_classes = sample
    report = report_single(truth, predicted, n_classes)
    compare_classes(report, truth, predicted, list(range(n_classes)))
    assert report.accuracy.value == pytest.approx(sklearn_metrics.accuracy_score(truth, predicted), abs=EXACT)
    assert report.hamming_loss.value == pytest.approx(
        sklearn_metrics.hamming_loss(truth, predicted), abs=EXACT
    )
    theirs = sklearn_metrics.confusion_matrix(truth, predicted, labels=range(n_classes))
    assert (confusion_matrix(truth, predicted, n_classes) == theirs).all()


@given(MULTI)
def test_several_classes_a_document_equal_scikit_learn(sample: tuple[NDArray[np.bool_], NDArray[np.bool_]]):
    truth, predicted = sample
    report = report_multi(truth, predicted)
    if truth.shape[1] > 1:  # scikit-learn takes one column for a binary problem
        compare_classes(report, truth, predicted, list(range(truth.shape[1])))
    exact = (truth == predicted).all(axis=1).mean()
    assert report.accuracy.value == pytest.approx(exact, abs=EXACT)
    assert report.hamming_loss.value == pytest.approx((truth != predicted).mean(), abs=EXACT)


def compare_classes(report, truth, predicted, labels):
    """Per class and averaged; where we say undefined, scikit-learn has nan, or 0 for want of support."""
    score = sklearn_metrics.precision_recall_fscore_support
    precision, recall, f1, support = score(truth, predicted, labels=labels, zero_division=np.nan)
    supported = [label for label in labels if support[label]]
    np.testing.assert_allclose([value(s.precision) for s in report.classes], precision, atol=EXACT)
    np.testing.assert_allclose([value(s.recall) for s in report.classes], recall, atol=EXACT)
    np.testing.assert_allclose(
        [value(s.f1) for s in report.classes], np.where(support > 0, f1, np.nan), atol=EXACT
    )
    assert [s.support for s in report.classes] == support.tolist()
    assert report.n_averaged == len(supported)
    if not supported:
        assert report.macro.f1.reason == NO_CLASS_DEFINED
        return
    for average, name in ((report.macro, "macro"), (report.weighted, "weighted")):
        theirs = score(truth, predicted, labels=supported, average=name, zero_division=np.nan)[:3]
        ours = [value(m) for m in (average.precision, average.recall, average.f1)]
        np.testing.assert_allclose(ours, theirs, atol=EXACT)
    theirs = score(truth, predicted, labels=labels, average="micro", zero_division=np.nan)[:3]
    ours = [value(m) for m in (report.micro.precision, report.micro.recall, report.micro.f1)]
    np.testing.assert_allclose(ours, theirs, atol=EXACT)


def test_a_class_absent_from_the_test_set_is_unknown_and_not_zero():
    report = report_single(np.array([0, 0, 1]), np.array([0, 2, 1]), 4)
    absent_but_predicted, absent = report.classes[2], report.classes[3]
    assert absent_but_predicted.f1 == Measure(None, NO_SUPPORT)
    assert absent_but_predicted.recall == Measure(None, NO_SUPPORT)
    assert absent_but_predicted.precision.value == 0
    assert absent.precision == Measure(None, NEVER_PREDICTED)
    assert report.macro.f1.value == pytest.approx((2 / 3 + 1) / 2)
    assert report.n_averaged == 2


def test_a_class_that_is_there_but_never_predicted_has_an_f1_of_zero_and_no_precision():
    report = report_single(np.array([0, 1]), np.array([0, 0]), 2)
    assert report.classes[1].precision.reason == NEVER_PREDICTED
    assert report.classes[1].f1.value == 0


def test_an_empty_test_set_leaves_everything_undefined_with_its_reason():
    empty = np.array([], np.int64)
    report = report_single(empty, empty, 2)
    assert report.accuracy == Measure(None, NOTHING_TESTED)
    assert report.micro.f1 == Measure(None, NOTHING_TESTED)
    assert report.macro.f1 == Measure(None, NO_CLASS_DEFINED)
    nothing = np.zeros((2, 3), bool)
    assert report_multi(nothing, nothing).micro.precision == Measure(None, NOTHING_PREDICTED)
    assert report_multi(nothing, nothing).accuracy.value == 1


@given(SINGLE, st.randoms(use_true_random=False))
def test_the_order_of_documents_does_not_matter(sample, random):
    truth, predicted, n_classes = sample
    order = list(range(len(truth)))
    random.shuffle(order)
    assert report_single(truth[order], predicted[order], n_classes) == report_single(
        truth, predicted, n_classes
    )


@given(SINGLE)
def test_every_value_lies_inside_its_interval(sample):
    for scores in report_single(*sample).classes:
        for measure in (scores.precision, scores.recall, scores.f1):
            if measure.is_defined:
                assert 0 <= measure.interval.low <= measure.value <= measure.interval.high <= 1


@pytest.mark.parametrize(
    ("truth", "predicted"), [([0, 1], [0]), ([0, 3], [0, 1]), ([-1], [0]), ([[0]], [[0]])]
)
def test_input_that_does_not_fit_is_refused(truth, predicted):
    with pytest.raises(ValueError, match=r"must be equal|classes must be"):
        report_single(np.array(truth), np.array(predicted), 3)
    with pytest.raises(ValueError, match="must be equal tables"):
        report_multi(np.zeros((2, 3), bool), np.zeros((3, 2), bool))


def test_documents_to_which_no_class_applies_are_told_from_a_test_set_without_labels():
    report = report_multi(np.zeros((4, 2), bool), np.zeros((4, 2), bool))
    assert report.accuracy.value == 1
    assert report.micro.f1.reason == report.micro.recall.reason == "No test document has a class."
