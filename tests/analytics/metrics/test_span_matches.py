"""Is credit given where a span is nearly right, and only there? And is the strict measure that of seqeval?"""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.metrics.classification import NEVER_PREDICTED, NOTHING_TESTED
from analytics.metrics.intervals import NO_SUPPORT
from analytics.metrics.span_matches import span_matches
from analytics.metrics.spans import counts_of_documents, report_of_documents

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # seqeval imports pkg_resources
    from seqeval.metrics import classification_report
    from seqeval.scheme import IOB2

CLASSES = ["LOC", "ORG", "PER"]
LENGTH = 12  # words of a sentence


@st.composite
def sentences(draw):
    """Spans of words that do not overlap: (start, end, class)."""
    spans, index = [], 0
    while index < LENGTH:
        length = draw(st.integers(1, 4))
        if draw(st.booleans()) and index + length <= LENGTH:
            spans.append((index, index + length, draw(st.integers(0, 2))))
        index += length
    return spans


DOCUMENTS = st.lists(st.tuples(sentences(), sentences()), min_size=1, max_size=5)


def tags(spans) -> list[str]:
    words = ["O"] * LENGTH
    for start, end, index in spans:
        words[start:end] = [f"B-{CLASSES[index]}"] + [f"I-{CLASSES[index]}"] * (end - start - 1)
    return words


@given(DOCUMENTS)
def test_the_strict_measure_is_that_of_seqeval(documents):
    truth, predicted = [t for t, _ in documents], [p for _, p in documents]
    if not any(truth) or not any(predicted):
        return
    ours = report_of_documents(*counts_of_documents(truth, predicted, 3))
    theirs = classification_report(
        [tags(spans) for spans in truth],
        [tags(spans) for spans in predicted],
        mode="strict",
        scheme=IOB2,
        output_dict=True,
        zero_division=0,
    )
    for name, scores in zip(CLASSES, ours.classes, strict=True):
        if name not in theirs:  # neither true nor predicted
            assert not scores.f1.is_defined
            continue
        assert scores.support == theirs[name]["support"]
        assert (scores.precision.value or 0) == pytest.approx(theirs[name]["precision"], abs=1e-12)
        assert (scores.recall.value or 0) == pytest.approx(theirs[name]["recall"], abs=1e-12)
        assert (scores.f1.value or 0) == pytest.approx(theirs[name]["f1-score"], abs=1e-12)
    for measure, key in (("precision", "precision"), ("recall", "recall"), ("f1", "f1-score")):
        value = getattr(ours.micro, measure).value or 0
        assert value == pytest.approx(theirs["micro avg"][key], abs=1e-12)


@given(DOCUMENTS)
def test_more_is_forgiven_from_strict_to_partial_to_the_class_alone(documents):
    truth, predicted = [t for t, _ in documents], [p for _, p in documents]
    strict = report_of_documents(*counts_of_documents(truth, predicted, 3))
    matches = span_matches(truth, predicted, 3)
    for index in range(3):
        exact = strict.classes[index].f1.value
        partial, by_class = matches.partial.classes[index].f1, matches.by_class.classes[index].f1
        assert (exact is None) == (partial.value is None) == (by_class.value is None)
        if exact is not None:
            assert exact - 1e-9 <= partial.value <= by_class.value + 1e-9 <= 1 + 2e-9


def test_a_table_computed_by_hand():
    person, index = 0, 1
    truth = [[(0, 5, person), (10, 16, index)], [(0, 4, index)], []]
    predicted = [[(0, 5, person), (10, 15, index)], [(0, 4, person)], [(2, 3, index)]]
    matches = span_matches(truth, predicted, 3)
    of_person, of_place, unused = matches.partial.classes
    assert (of_person.precision.value, of_person.recall.value) == (0.5, 1)
    assert (of_place.precision.value, of_place.recall.value, of_place.f1.value) == (0.25, 0.25, 0.25)
    assert (unused.precision.reason, unused.f1.reason) == (NEVER_PREDICTED, NO_SUPPORT)
    assert matches.by_class.classes[index].f1.value == 0.5
    assert matches.partial.all.precision.value == pytest.approx(1.5 / 4)
    assert matches.by_class.all.recall.value == pytest.approx(2 / 3)


def test_a_true_span_is_found_once():
    average = span_matches([[(0, 10, 0)]], [[(0, 4, 0), (5, 10, 0)]], 1).by_class.all
    assert (average.precision.value, average.recall.value) == (0.5, 1)


def test_intervals_hold_the_value_and_perfect_spans_are_not_certain():
    random = np.random.default_rng(1)
    truth = [[(0, 4, int(random.integers(2))), (6, 9, 0)] for _ in range(40)]
    predicted = [[(s, e + int(random.integers(2)), c) for s, e, c in spans] for spans in truth]
    measure = span_matches(truth, predicted, 2).partial.all.f1
    assert measure.interval.low < measure.value < measure.interval.high
    assert span_matches(truth, truth, 2).partial.all.f1.interval.low < 1


def test_an_empty_test_set_has_no_value_and_lengths_must_fit():
    assert span_matches([], [], 1).partial.all.f1.reason == NOTHING_TESTED
    with pytest.raises(ValueError, match="documents"):
        span_matches([[]], [], 1)
