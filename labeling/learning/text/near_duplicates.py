"""Near-duplicate detection: texts that say nearly the same. Buckets of signatures, joined into groups.

Two texts are one thing when `ALIKE` of their shingles agree; a group holds what such pairs connect. Its
number is the lowest position in it. Bringing groups up to date gives what grouping all at once would give.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from labeling.learning.arrays.types import Flags, Hashes, Integers
from labeling.learning.text.minhash import ALIKE, BANDS, similarity
from labeling.learning.text.signature_store import SignatureStore

NEIGHBORS = 8  # texts before it in its bucket, beside the first, that a text is compared with
PAIR_BATCH_SIZE = 50_000  # 25 MB of signatures
_LOW_BITS = np.uint32(2**20 - 1)

Pairs = tuple[Integers, Integers]


@dataclass(frozen=True)
class Candidates:
    """Documents of a pool, which of them can be asked about, and which say nearly the same.

    groups : (n,) from `join_new`
    is_open : (n,) can be asked about
    is_known : (n,) of a group in which a document has an answer
    positions : (n,) rising, what the documents are called; None for 0, 1, 2 …
    """

    groups: Integers
    is_open: Flags
    is_known: Flags
    positions: Integers | None = None

    @classmethod
    def of(
        cls,
        groups: Integers,
        is_open: Flags,
        answered_groups: Integers,
        positions: Integers | None = None,
    ) -> Self:
        """answered_groups : numbers of groups in which a document has an answer, repeats allowed"""
        has_answer = np.zeros(len(groups), dtype=bool)
        has_answer[answered_groups] = True
        return cls(groups, is_open, has_answer[groups], positions)

    def rows(self, positions: Integers) -> Integers:
        """Where these documents stand in the arrays."""
        return positions if self.positions is None else np.searchsorted(self.positions, positions)

    def one_of_each(self, among: Flags) -> Flags:
        """Of these documents the first of each group: (n,), a subset.

        >>> candidates = Candidates(np.array([0, 0, 2, 0]), np.ones(4, dtype=bool), np.zeros(4, dtype=bool))
        >>> candidates.one_of_each(np.array([False, True, True, True])).tolist()
        [False, True, True, False]
        """
        rows = np.flatnonzero(among)
        first = np.zeros(len(among), dtype=np.int64)
        first[self.groups[rows[::-1]]] = rows[::-1]  # of equal numbers the last one stays: the lowest row
        chosen = among.copy()
        chosen[rows[first[self.groups[rows]] != rows]] = False
        return chosen

    def without_groups_of(self, among: Flags, rows: Integers) -> Flags:
        """Of these documents those whose group has none of the rows in it: (n,), a subset."""
        is_taken = np.zeros(len(among), dtype=bool)
        is_taken[self.groups[rows]] = True
        left: Flags = among & ~is_taken[self.groups]
        return left


def join_new(store: SignatureStore, groups: Integers, first: int, removed: Sequence[int] = ()) -> Integers:
    """The groups of all documents, after those from position `first` on were compared with all before them.

    groups : (first,) what earlier calls gave; a document alone is a group of its own
    removed : positions that belong to no document any more, which are alike to nothing
    returns : (len(store),), for each document the lowest position in its group

    Equal texts are always joined. In a bucket of at most NEIGHBORS + 2 different texts all pairs are
    compared; in a larger one, such as a form letter makes, each text with the first and some before it, so
    that the time is proportional to the number of documents whatever they are.
    """
    joined = np.concatenate([groups, np.arange(first, len(store), dtype=np.int64)])
    if first == len(store):
        return joined
    is_here = np.ones(len(store), dtype=bool)
    is_here[list(removed)] = False
    is_first_of_its_kind = _join_equal(joined, store, first, is_here)
    for band in range(BANDS):
        keys = store.band(band)
        members = _touched(keys, is_first_of_its_kind, first)
        for left, right in _pairs(keys[members], members, first):
            _join_alike(joined, store, left, right)
    return _roots(joined, joined)


def _join_equal(groups: Integers, store: SignatureStore, first: int, is_here: Flags) -> Flags:
    """Join documents of equal signatures; returns which of those here have none equal before them."""
    here = np.flatnonzero(is_here)
    _, firsts, kinds = np.unique(store.digests()[here], return_index=True, return_inverse=True)
    representative = np.arange(len(groups))
    representative[here] = here[firsts[kinds]]
    repeats = np.flatnonzero(representative < np.arange(len(groups)))
    _join(groups, repeats[repeats >= first], representative[repeats[repeats >= first]])
    is_first_of_its_kind = is_here.copy()
    is_first_of_its_kind[repeats] = False
    return is_first_of_its_kind


def _touched(keys: Hashes, is_candidate: Flags, first: int) -> Integers:
    """Positions in the buckets of new documents, by bucket, and in a bucket by position."""
    may_share = np.zeros(int(_LOW_BITS) + 1, dtype=bool)
    may_share[keys[first:] & _LOW_BITS] = True
    members = np.flatnonzero(may_share[keys & _LOW_BITS] & is_candidate)
    packed = (keys[members].astype(np.uint64) << np.uint64(32)) | members.astype(np.uint64)
    packed.sort()
    return (packed & np.uint64(2**32 - 1)).astype(np.int64)


def _pairs(keys: Hashes, members: Integers, first: int) -> Iterator[Pairs]:
    """Pairs of a bucket with a new document in them: with the bucket's first, then with those just before."""
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    sizes = np.diff(np.append(starts, len(keys)))
    offsets = np.arange(len(keys)) - np.repeat(starts, sizes)
    leaders = np.repeat(members[starts], sizes)
    is_new = (members >= first) & (offsets > 0)
    yield leaders[is_new], members[is_new]
    for step in range(1, NEIGHBORS + 1):
        later = np.flatnonzero((members >= first) & (offsets > step))
        if not len(later):
            return
        yield members[later - step], members[later]


def _join_alike(groups: Integers, store: SignatureStore, left: Integers, right: Integers) -> None:
    for start in range(0, len(left), PAIR_BATCH_SIZE):
        chunk = slice(start, start + PAIR_BATCH_SIZE)
        first, other = left[chunk], right[chunk]
        is_apart = _roots(groups, first) != _roots(groups, other)
        first, other = first[is_apart], other[is_apart]
        is_alike = similarity(store.take(first), store.take(other)) >= ALIKE
        _join(groups, first[is_alike], other[is_alike])


def _join(groups: Integers, left: Integers, right: Integers) -> None:
    """Make one group of the groups of each pair; the lower number wins.

    Source: the hooking of Shiloach and Vishkin (1982).
    """
    while len(left):
        left, right = _roots(groups, left), _roots(groups, right)
        is_apart = left != right
        left, right = left[is_apart], right[is_apart]
        np.minimum.at(groups, np.maximum(left, right), np.minimum(left, right))


def _roots(groups: Integers, positions: Integers) -> Integers:
    """The group that each position is in by now, and a shorter way to it for whoever asks next."""
    roots = groups[positions]
    while not np.array_equal(above := groups[roots], roots):
        roots = above
    groups[positions] = roots
    return roots
