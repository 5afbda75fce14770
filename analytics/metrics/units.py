"""Judged units: what two sides judge. Places in texts where spans are marked; two answers to one document."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from analytics.metrics.spans import Entity, flat


def positions_marked(
    truth: Sequence[Collection[Entity]], predicted: Sequence[Collection[Entity]], n_classes: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Spans as units: each place that either side marks, with the classes that each gives it.

    truth, predicted : the spans of each document, in the same order of documents
    returns : two tables (n_places, n_classes)

    >>> truth, predicted = positions_marked([[(0, 5, 0)]], [[(0, 5, 1), (7, 9, 0)]], 2)
    >>> truth.astype(int), predicted.astype(int)
    (array([[1, 0], [0, 0]]), array([[0, 1], [1, 0]]))
    """
    sides = flat(truth), flat(predicted)
    both = np.concatenate(sides)
    order = np.lexsort(both[:, :3].T[::-1])
    ranked = both[order, :3]
    is_new = np.append(True, (ranked[1:] != ranked[:-1]).any(axis=1))[: len(both)]
    group = np.empty(len(both), dtype=np.int64)
    group[order] = np.cumsum(is_new) - 1
    tables = np.zeros((2, int(is_new.sum()), n_classes), dtype=bool)
    is_predicted = (np.arange(len(both)) >= len(sides[0])).astype(np.int64)
    tables[is_predicted, group, both[:, 3]] = True
    return tables[0], tables[1]


def answer_pairs(documents: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every two answers to the same document: their rows, (n_pairs,) each.

    documents : (n_answers,) which one each answer is about

    >>> first, second = answer_pairs(np.array([7, 3, 7, 7]))
    >>> first.tolist(), second.tolist()
    ([0, 0, 2], [2, 3, 3])
    """
    order = np.argsort(documents, kind="stable")
    ranked = documents[order]
    pairs: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    for apart in range(1, len(ranked)):  # as often as the document with most answers has others
        (same,) = np.nonzero(ranked[apart:] == ranked[:-apart])
        if not len(same):
            break
        pairs.append((order[same], order[same + apart]))
    if not pairs:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    first, second = (np.concatenate(side) for side in zip(*pairs, strict=True))
    sorted_pairs = np.lexsort((second, first))
    return first[sorted_pairs], second[sorted_pairs]
