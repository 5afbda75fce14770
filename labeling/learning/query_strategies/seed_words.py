"""Seed words: documents that hold a manager's words for a class, read off the columns that are there.

A rare class has too few labels for any model. Its seed words find candidates among a million documents in the
time that scoring takes: no text is read, only the stored TF-IDF of the words' columns.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy.sparse import csr_array

from labeling.learning.arrays.clustering import k_means
from labeling.learning.arrays.types import Flags, Floats, Integers
from labeling.learning.query_strategies.mix import MAX_SEEDED_CLASSES, SeedWordMatches
from labeling.learning.storage.feature_store import FeatureStore
from labeling.learning.text.hashing import COLUMNS, WORD_COLUMNS, count_terms

SPREAD = 10  # candidates per place from which k-means chooses


def seed_columns(term: str) -> Integers:
    """The columns that a word fills; of a phrase, those of its pairs of neighbors.

    >>> len(seed_columns("refund")), len(seed_columns("money back")), len(seed_columns("?"))
    (1, 1, 0)
    """
    columns: Integers = count_terms([term]).indices.astype(np.int64)
    pairs: Integers = columns[columns >= WORD_COLUMNS]
    return pairs if len(pairs) else columns


def find_matches(
    store: FeatureStore, terms: Mapping[int, Sequence[str]], is_eligible: Flags, limit: int
) -> dict[int, SeedWordMatches]:
    """Eligible documents that hold seed words.

    terms : class number to its seed words and phrases; beyond `MAX_SEEDED_CLASSES` the rest is passed over
    is_eligible : (len(store),) bool
    limit : documents to return for a class, the best matches
    returns : for each class that has any match; ties go to the earlier document
    """
    numbers = [number for number in sorted(terms) if terms[number]][:MAX_SEEDED_CLASSES]
    if not numbers:
        return {}
    columns = [np.unique(np.concatenate([seed_columns(t) for t in terms[number]])) for number in numbers]
    matches: list[tuple[Integers, Floats]] = [_none() for _ in numbers]
    for first, rows in store.shards():
        scores = _summed(rows.sparse, columns)
        scores[~is_eligible[first : first + len(rows)]] = 0
        for column, before in enumerate(matches):
            local = np.flatnonzero(scores[:, column] > 0)
            if len(local):
                matches[column] = _best(before, first + local, scores[local, column], limit)
    return {
        number: SeedWordMatches(positions, scores, _words(store, positions, terms[number]))
        for number, (positions, scores) in zip(numbers, matches, strict=True)
        if len(positions)
    }


def varied_matches(
    matches: SeedWordMatches,
    is_free: Callable[[Integers], Flags],
    count: int,
    vectors: Callable[[Integers], Floats],
) -> list[int]:
    """Which matches to label: the best of each of `count` kinds, among the best free ones.

    is_free : positions (m,) to bool
    vectors : positions (m,) to dense rows (m, d)
    returns : at most `count` indices of `matches`, the best match first
    """
    free = np.flatnonzero(is_free(matches.positions))[: SPREAD * max(count, 0)]
    if count <= 0 or len(free) == 0:
        return []
    clusters = k_means(vectors(matches.positions[free]), min(count, len(free)), seed=0)
    _, firsts = np.unique(clusters, return_index=True)  # the best match of each, as they stand in order
    return [int(row) for row in free[np.sort(firsts)]]


def _none() -> tuple[Integers, Floats]:
    return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)


def _best(
    before: tuple[Integers, Floats], positions: Integers, scores: Floats, limit: int
) -> tuple[Integers, Floats]:
    all_positions = np.concatenate([before[0], positions])
    values = np.concatenate([before[1], scores])
    order = np.argsort(-values, kind="stable")[:limit]
    return all_positions[order], values[order]


def _summed(sparse: csr_array, groups: Sequence[Integers]) -> Floats:
    """(n_rows, n_groups) sums over groups of columns. Few entries are in any: the rest is left out first."""
    is_wanted = np.zeros(COLUMNS, dtype=bool)
    is_wanted[np.concatenate(groups)] = True
    offsets = np.flatnonzero(is_wanted[sparse.indices])
    rows = np.searchsorted(sparse.indptr, offsets, side="right") - 1
    columns, values = sparse.indices[offsets], sparse.data[offsets]
    sums = np.zeros((sparse.shape[0], len(groups)), dtype=np.float32)
    for number, group in enumerate(groups):
        is_in = np.isin(columns, group)
        np.add.at(sums[:, number], rows[is_in], values[is_in])
    return sums


def _words(store: FeatureStore, positions: Integers, terms: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    holds = _summed(store.take(positions).sparse, [seed_columns(term) for term in terms]) > 0
    return tuple(tuple(term for term, has in zip(terms, row, strict=True) if has) for row in holds.tolist())
