"""What do two sides judge? Places in texts where spans are marked, and two answers to one document."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

Entity = tuple[int, int, int]  # start, end (exclusive), place of the class


def places(
    truth: Sequence[Collection[Entity]], predicted: Sequence[Collection[Entity]], n_classes: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Spans as units: each place that either side marks, with the classes that each gives it.

    truth, predicted : the spans of each document, in the same order of documents
    returns : two tables (n_places, n_classes)

    >>> truth, predicted = places([[(0, 5, 0)]], [[(0, 5, 1), (7, 9, 0)]], 2)
    >>> truth.astype(int), predicted.astype(int)
    (array([[1, 0], [0, 0]]), array([[0, 1], [1, 0]]))
    """
    numbers: dict[tuple[int, int, int], int] = {}
    marks: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    for document, sides in enumerate(zip(truth, predicted, strict=True)):
        for marked, spans in zip(marks, sides, strict=True):
            for start, end, label_class in spans:
                place = numbers.setdefault((document, start, end), len(numbers))
                marked.append((place, label_class))
    tables = np.zeros((2, len(numbers), n_classes), dtype=bool)
    for table, marked in zip(tables, marks, strict=True):
        if marked:
            rows, columns = np.array(marked).T
            table[rows, columns] = True
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
    found: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    for apart in range(1, len(ranked)):  # as often as the document with most answers has others
        (same,) = np.nonzero(ranked[apart:] == ranked[:-apart])
        if not len(same):
            break
        found.append((order[same], order[same + apart]))
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    first, second = (np.concatenate(side) for side in zip(*found, strict=True))
    sorted_pairs = np.lexsort((second, first))
    return first[sorted_pairs], second[sorted_pairs]
