"""Are habits of annotators told from noise, and classes that come together counted?"""

from __future__ import annotations

import numpy as np
import pytest

from analytics.metrics.mismatch import adjusted_residuals
from analytics.metrics.skew import co_occurrence, lift, skews


def test_for_one_class_an_answer_the_score_is_the_adjusted_residual():
    counts = np.array([[40, 50, 10], [25, 65, 10], [22, 60, 18]])
    rows = skews(counts, counts.sum(axis=1), false_discoveries=1.0)
    expected = adjusted_residuals(counts)
    assert len(rows) == counts.size
    assert [skew.residual for skew in rows] == pytest.approx(
        [expected[skew.person, skew.class_index] for skew in rows]
    )


def test_people_alike_are_hardly_ever_told_apart():
    random = np.random.default_rng(4)
    alike = [random.multinomial(200, [0.5, 0.3, 0.15, 0.05], size=8) for _ in range(100)]
    assert np.mean([bool(skews(counts, counts.sum(axis=1))) for counts in alike]) < 0.1


def test_who_gives_a_class_more_often_is_found_first():
    counts = np.full((6, 5), 40)
    counts[2] = [90, 30, 30, 25, 25]
    first = skews(counts, counts.sum(axis=1))[0]
    assert (first.person, first.class_index, first.share, first.others) == (2, 0, 0.45, 0.2)


def test_rare_classes_and_people_alone_are_not_judged():
    assert skews(np.array([[3, 0], [0, 40]]), np.array([3, 40])) == []
    assert skews(np.array([[30, 70]]), np.array([100])) == []
    assert skews(np.zeros((3, 2), int), np.zeros(3, int)) == []


def test_classes_together_are_counted_as_a_table_product_would():
    labels = np.random.default_rng(1).random((50, 6)) < 0.4
    documents, indices = np.nonzero(labels)
    counts = co_occurrence(documents, indices, 6)
    table = labels.astype(int)
    assert (counts == table.T @ table).all()
    assert lift(counts, 50)[0, 1] == pytest.approx(counts[0, 1] * 50 / (counts[0, 0] * counts[1, 1]))
