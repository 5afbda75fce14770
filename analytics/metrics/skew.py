"""Annotator skew: does somebody give a class more often than the others? And which classes come together?"""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np
from numpy.typing import NDArray

from analytics.metrics.classification import divide
from analytics.metrics.discoveries import FALSE_DISCOVERIES, adjusted_p_values

MIN_EXPECTED = 5.0  # answers of a person with a class, for the normal distribution to hold


@dataclass(frozen=True, slots=True)
class Skew:
    """One person gives one class more (or less) often than the others together.

    person, class_index : the row and the column of the counts
    share, others : of the person's answers, and of the others', that have the class
    residual : standard errors between the two; above 0 the person gives it more often
    p_value : put right for the number of pairs that were tried
    """

    person: int
    class_index: int
    share: float
    others: float
    residual: float
    p_value: float


def skews(
    counts: NDArray[np.integer], answers: NDArray[np.integer], false_discoveries: float = FALSE_DISCOVERIES
) -> list[Skew]:
    """The pairs of person and class that are more than noise, the surest first.

    counts : (n_people, n_classes) answers of each person that have each class; an answer may have several
    answers : (n_people,) answers of each person
    false_discoveries : share of what is returned that may be chance

    Each person is held against all others together: the z of two proportions, which for one class an answer
    is the adjusted residual of Haberman (1973). Pairs are tried where the person would have been expected to
    give (and not to give) the class MIN_EXPECTED times; Benjamini and Hochberg's rule chooses among them.
    Different documents may be the reason as well as different habits: a hint, no proof.

    >>> rows = skews(np.array([[40, 60], [20, 80], [20, 80]]), np.array([100, 100, 100]))
    >>> [(one.person, one.class_index, one.share, one.others, round(one.residual, 1)) for one in rows[:1]]
    [(0, 0, 0.4, 0.2, 3.7)]
    """
    n = answers[:, None].astype(np.float64)
    total, expected_counts = n.sum(), counts.sum(axis=0)[None, :]
    if len(answers) < 2 or not total:
        return []
    pooled = expected_counts / total
    expected = n * np.minimum(pooled, 1 - pooled)
    shares, others = divide(counts, n), divide(expected_counts - counts, total - n)
    spread = np.sqrt(
        pooled * (1 - pooled) * (divide(np.ones_like(n), n) + divide(np.ones_like(n), total - n))
    )
    tried = np.argwhere((expected >= MIN_EXPECTED) & (total > n))
    if not len(tried):
        return []
    rows, columns = tried.T
    residuals = divide(shares - others, spread)[rows, columns]
    p_values = adjusted_p_values(np.array([erfc(abs(z) / sqrt(2)) for z in residuals.tolist()]))
    table = zip(rows, columns, shares[rows, columns], others[rows, columns], residuals, p_values, strict=True)
    skewed = [
        Skew(int(row), int(column), *map(float, numbers))
        for row, column, *numbers in table
        if numbers[-1] <= false_discoveries
    ]
    return sorted(skewed, key=lambda skew: (-round(abs(skew.residual), 9), -skew.residual))


def co_occurrence(
    documents: NDArray[np.integer], class_indices: NDArray[np.integer], n_classes: int
) -> NDArray[np.int64]:
    """Documents that have both of two classes: (n_classes, n_classes); the diagonal has those of each.

    documents, class_indices : (n_pairs,) every class that a document has, once; documents rising

    >>> co_occurrence(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
    array([[1, 1], [1, 2]])
    """
    counts = np.diag(np.bincount(class_indices, minlength=n_classes)).astype(np.int64)
    for apart in range(1, n_classes):  # the classes of a document stand next to each other
        same = documents[apart:] == documents[:-apart]
        if not same.any():
            break
        first, second = class_indices[:-apart][same], class_indices[apart:][same]
        pairs = np.bincount(first * n_classes + second, minlength=n_classes**2).reshape(n_classes, n_classes)
        counts += pairs + pairs.T
    return counts


def lift(counts: NDArray[np.int64], n_documents: int) -> NDArray[np.float64]:
    """How many times as often as by chance two classes come together.

    counts : as from `co_occurrence`
    returns : the same shape; nan where a class has no document

    >>> lift(np.array([[1, 1], [1, 2]]), n_documents=4)
    array([[4., 2.], [2., 2.]])
    """
    of_each = np.diagonal(counts).astype(np.float64)
    return divide(counts * float(n_documents), np.outer(of_each, of_each))
