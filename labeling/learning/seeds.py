"""Which documents hold the words that a manager gave for a class? Read off the columns that are there.

A rare class has too few labels for any model. Its seed words find candidates among a million documents in the
time that scoring takes: no text is read, only the stored TF-IDF of the words' columns.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from labeling.learning.arrays import Flags, Floats, Integers
from labeling.learning.clustering import k_means
from labeling.learning.hashing import COLUMNS, WORD_COLUMNS, count_terms
from labeling.learning.store import FeatureStore

MOST_SEEDED = 16  # classes searched at once; each costs the memory of one column of floats
SPREAD = 10  # candidates per place from which k-means chooses


@dataclass(frozen=True)
class Matches:
    """Documents that hold seed words of one class, the best match first.

    positions : (n,) places in the feature store
    scores : (n,) sum of the words' TF-IDF, above 0
    words : n tuples of the seed words that each holds
    """

    positions: Integers
    scores: Floats
    words: tuple[tuple[str, ...], ...]


def seed_columns(term: str) -> Integers:
    """The columns that a word fills; of a phrase, those of its pairs of neighbours.

    >>> len(seed_columns("refund")), len(seed_columns("money back")), len(seed_columns("?"))
    (1, 1, 0)
    """
    columns: Integers = count_terms([term]).indices.astype(np.int64)
    pairs: Integers = columns[columns >= WORD_COLUMNS]
    return pairs if len(pairs) else columns


def find_matches(
    store: FeatureStore, terms: Mapping[int, Sequence[str]], is_eligible: Flags, most: int
) -> dict[int, Matches]:
    """Eligible documents that hold seed words.

    terms : class number to its seed words and phrases; beyond `MOST_SEEDED` classes the rest is passed over
    is_eligible : (len(store),) bool
    most : documents to return for a class, the best matches
    returns : for each class that has any match; ties go to the earlier document
    """
    numbers = [number for number in sorted(terms) if terms[number]][:MOST_SEEDED]
    if not numbers:
        return {}
    weights = np.zeros((COLUMNS, len(numbers)), dtype=np.float32)
    for column, number in enumerate(numbers):
        for term in terms[number]:
            weights[seed_columns(term), column] = 1
    found: list[tuple[Integers, Floats]] = [_none() for _ in numbers]
    for first, rows in store.shards():
        scores = rows.sparse @ weights
        scores[~is_eligible[first : first + len(rows)]] = 0
        for column, before in enumerate(found):
            local = np.flatnonzero(scores[:, column] > 0)
            if len(local):
                found[column] = _best(before, first + local, scores[local, column], most)
    return {
        number: Matches(places, scores, _words(store, places, terms[number]))
        for number, (places, scores) in zip(numbers, found, strict=True)
        if len(places)
    }


def varied_matches(
    found: Matches, is_free: Callable[[Integers], Flags], count: int, vectors: Callable[[Integers], Floats]
) -> list[int]:
    """Which matches to label: the best of each of `count` kinds, among the best free ones.

    is_free : positions (m,) to bool
    vectors : positions (m,) to dense rows (m, d)
    returns : at most `count` indices of `found`, the best match first
    """
    free = np.flatnonzero(is_free(found.positions))[: SPREAD * max(count, 0)]
    if count <= 0 or len(free) == 0:
        return []
    clusters = k_means(vectors(found.positions[free]), min(count, len(free)), seed=0)
    _, firsts = np.unique(clusters, return_index=True)  # the best match of each, as they stand in order
    return [int(place) for place in free[np.sort(firsts)]]


def _none() -> tuple[Integers, Floats]:
    return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)


def _best(
    before: tuple[Integers, Floats], positions: Integers, scores: Floats, most: int
) -> tuple[Integers, Floats]:
    places = np.concatenate([before[0], positions])
    values = np.concatenate([before[1], scores])
    order = np.argsort(-values, kind="stable")[:most]
    return places[order], values[order]


def _words(store: FeatureStore, positions: Integers, terms: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    sparse = store.take(positions).sparse
    weights = np.zeros((COLUMNS, len(terms)), dtype=np.float32)
    for number, term in enumerate(terms):
        weights[seed_columns(term), number] = 1
    holds = (sparse @ weights) > 0
    return tuple(tuple(term for term, has in zip(terms, row, strict=True) if has) for row in holds.tolist())
