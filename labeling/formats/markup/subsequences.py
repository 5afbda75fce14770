"""Longest common subsequence: the parts that two sequences share, in order, by bits of whole numbers."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple


class Block(NamedTuple):
    """old[i:j] stands where new[k:m] does: the same if `is_same`, else replaced by it."""

    is_same: bool
    i: int
    j: int
    k: int
    m: int


def blocks(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[Block]:
    """Both sequences cut where they part and meet again, in order; blocks of both kinds take turns.

    Time and memory: len(old) * len(new) / 64 after what both begin and end with is set aside.

    >>> [tuple(block) for block in blocks("axc", "abcd")]
    [(True, 0, 1, 0, 1), (False, 1, 2, 1, 2), (True, 2, 3, 2, 3), (False, 3, 3, 3, 4)]
    """
    matching: list[Block] = []
    i = k = 0
    for start, other, length in [*_runs(_matches(old, new)), (len(old), len(new), 0)]:
        if (start, other) != (i, k):
            matching.append(Block(False, i, start, k, other))
        i, k = start + length, other + length
        if length:
            matching.append(Block(True, start, i, other, k))
    return matching


def _runs(pairs: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """Pairs that follow each other in both sequences, as (start, other start, length)."""
    first = 0
    for at in range(1, len(pairs) + 1):
        if at == len(pairs) or pairs[at] != (pairs[at - 1][0] + 1, pairs[at - 1][1] + 1):
            yield *pairs[first], at - first
            first = at


def _matches(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Places of equal elements, rising in both, as many as there can be."""
    shorter = min(len(old), len(new))
    head = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    tail = next((at for at in range(shorter - head) if old[-1 - at] != new[-1 - at]), shorter - head)
    inner = _longest(old[head : len(old) - tail], new[head : len(new) - tail])
    return [
        *((at, at) for at in range(head)),
        *((head + i, head + k) for i, k in inner),
        *((len(old) - at, len(new) - at) for at in range(tail, 0, -1)),
    ]


def _longest(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Places of a longest common subsequence.

    Row k holds a bit for each element of `old`: it is 0 where one more of `old` lengthens what is shared
    with new[: k + 1].

    Source: Hyyrö (2004), Bit-parallel LCS-length computation revisited.
    """
    indices: dict[Hashable, int] = {}
    for at, element in enumerate(old):
        indices[element] = indices.get(element, 0) | 1 << at
    full = (1 << len(old)) - 1
    row, rows = full, []
    for element in new:
        shared = row & indices.get(element, 0)
        row = ((row + shared) | (row - shared)) & full
        rows.append(row)
    common = []
    i, k = len(old), len(new)
    while i and k:
        if rows[k - 1] >> (i - 1) & 1:
            i -= 1
        else:
            k -= 1
            if not k or rows[k - 1] >> (i - 1) & 1:
                i -= 1
                common.append((i, k))
    return common[::-1]
