"""Is agreement measured as its authors published it?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score

from analytics.metrics.agreement import (
    MISSING,
    NOTHING_IN_COMMON,
    ONE_CLASS_ONLY,
    cohen_kappa,
    krippendorff_alpha,
    percent_agreement,
)

LABELS = st.tuples(st.integers(2, 5), st.integers(1, 25)).flatmap(
    lambda shape: arrays(np.int64, shape, elements=st.integers(MISSING, 3))
)


def rated(*rows: str) -> NDArray[np.int64]:
    """Labels as the papers print them: a character per document, a dot where there is none."""
    return np.array([[MISSING if c == "." else "12345abcde".index(c) for c in row] for row in rows])


@pytest.mark.parametrize(
    ("labels", "alpha"),
    [
        pytest.param(rated("1211111111", "2221121121"), 0.095, id="2011, A: two observers, two values"),
        pytest.param(rated("aabbdcccedda", "babbbccceddd"), 0.692, id="2011, B: two observers, nominal"),
        pytest.param(
            rated("123321412...", "1233224125.3", ".3332342251.", "12332441251."),
            0.743,
            id="2011, C: four observers, gaps",
        ),
        pytest.param(
            rated(".....34121133.3", "1.213343.......", "..21344.21133.4"),
            0.691,
            id="the same author's example with three observers, gaps",
        ),
    ],
)
def test_alpha_equals_the_published_examples(labels: NDArray[np.int64], alpha: float):
    """Krippendorff (2011), "Computing Krippendorff's alpha-reliability", sections A to C."""
    assert krippendorff_alpha(labels).value == pytest.approx(alpha, abs=5e-4)


@given(LABELS)
def test_kappa_equals_scikit_learn(labels):
    first, second = labels[0], labels[1]
    both = (first != MISSING) & (second != MISSING)
    ours = cohen_kappa(first, second)
    if not both.any():
        assert ours.reason == NOTHING_IN_COMMON
    elif len({*first[both], *second[both]}) == 1:
        assert ours.reason == ONE_CLASS_ONLY
    else:
        assert ours.value == pytest.approx(cohen_kappa_score(first[both], second[both]), abs=1e-12)


@given(LABELS)
def test_alpha_does_not_depend_on_the_order_of_annotators_or_documents(labels):
    assert krippendorff_alpha(labels[::-1, ::-1]).value == pytest.approx(krippendorff_alpha(labels).value)


@given(LABELS)
def test_alpha_equals_its_definition_by_pairs(labels):
    """Observed and expected disagreement counted pair by pair, as the definition reads."""
    units = [[label for label in unit if label != MISSING] for unit in labels.T]
    units = [unit for unit in units if len(unit) > 1]
    values = [label for unit in units for label in unit]
    ours = krippendorff_alpha(labels)
    if not units:
        assert ours.reason == NOTHING_IN_COMMON
        return
    observed = sum(sum(a != b for a in unit for b in unit) / (len(unit) - 1) for unit in units) / len(values)
    expected = sum(a != b for a in values for b in values) / (len(values) * (len(values) - 1))
    if expected == 0:
        assert ours.reason == ONE_CLASS_ONLY
    else:
        assert ours.value == pytest.approx(1 - observed / expected, abs=1e-12)


def test_an_annotator_agrees_with_herself():
    labels = np.array([0, 1, 2, 1])
    assert cohen_kappa(labels, labels).value == 1
    assert percent_agreement(labels, labels).value == 1
    assert krippendorff_alpha(np.stack([labels, labels])).value == 1


def test_documents_with_one_label_only_say_nothing():
    assert krippendorff_alpha(rated("12.", "..1")).reason == NOTHING_IN_COMMON
    assert krippendorff_alpha(np.zeros((0, 3), np.int64)).reason == NOTHING_IN_COMMON
    assert percent_agreement(np.array([0, -1]), np.array([-1, 0])).reason == NOTHING_IN_COMMON


def test_labels_of_different_length_are_refused():
    with pytest.raises(ValueError, match="must be equal and flat"):
        cohen_kappa(np.array([0, 1]), np.array([0]))
