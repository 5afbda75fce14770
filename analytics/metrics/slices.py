"""Slice discovery: on which part of the test set is the model worse than on the rest, beyond chance?

Many parts are tried, so each p-value is put right for their number; and a part has to be large enough to be
worth a look, and worse by enough to matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import asin, sqrt

import numpy as np
from numpy.typing import NDArray

from analytics.metrics.discoveries import FALSE_DISCOVERIES, adjusted_p_values

MIN_SUPPORT = 20  # documents: fewer say too little
MIN_EFFECT = 0.2  # of Cohen's h: what he calls small
CLEARLY = 0.001  # p-value from which a slice of two attributes is worse than one of them alone
MAX_SLICES = 10
_MIN_Z = 0.5  # below it a part is not worse at any rate: its p-value is taken for 1

Codes = NDArray[np.integer]
Buckets = tuple[tuple[int, int], ...]  # of a slice: each an attribute and the code of it


@dataclass(frozen=True, slots=True)
class WeakSlice:
    """A part of the documents that is worse than the rest.

    buckets : one or two pairs of an attribute's place and the bucket's code in it
    documents, wrong : of the slice
    rest_error : share of wrong ones among all other documents
    effect : Cohen's h between the two shares of errors, above 0; .2 is small, .5 middling, .8 large
    p_value : of Fisher's exact test, one-sided, put right for all slices that were tried
    """

    buckets: Buckets
    documents: int
    wrong: int
    rest_error: float
    effect: float
    p_value: float

    @property
    def error(self) -> float:
        return self.wrong / self.documents


@dataclass(frozen=True, slots=True)
class Search:
    """What was found, the largest effect first, among how many slices."""

    slices: tuple[WeakSlice, ...]
    tried: int


def worst_slices(is_wrong: NDArray[np.bool_], attributes: Sequence[Codes]) -> Search:
    """Search the slices of one attribute and of two for those on which the model is worse.

    is_wrong : (n_documents,)
    attributes : (n_documents,) codes from 0 on each, negative where a document has none

    A slice of two attributes is told only where it is clearly worse than each of its two parts, so that one
    cause is not told many times.

    Source: Chung, Kraska, Polyzotis, Tae and Whang (2019), "Slice Finder: automated data slicing for model
    validation", with an exact test and with Benjamini and Hochberg (1995) instead of alpha-investing.

    >>> wrong = np.arange(400) % 10 == 0
    >>> mail = (np.arange(400) < 50).astype(int)
    >>> worst = worst_slices(wrong | ((mail == 1) & (np.arange(400) % 2 == 0)), [mail]).slices
    >>> [(one.buckets, one.documents, one.wrong, round(one.effect, 2)) for one in worst]
    [(((0, 1),), 50, 25, 0.93)]
    """
    tried: list[tuple[Buckets, int, int]] = [
        (((index, code),), n, bad)
        for index, codes in enumerate(attributes)
        for code, n, bad in _counted(codes, is_wrong)
    ]
    for (first, codes), (second, others) in combinations(enumerate(attributes), 2):
        width = int(others.max(initial=0)) + 1
        both = np.where((codes >= 0) & (others >= 0), codes.astype(np.int64) * width + others, -1)
        tried += [
            (((first, int(code // width)), (second, int(code % width))), n, bad)
            for code, n, bad in _counted(both, is_wrong)
        ]
    if not tried:
        return Search((), 0)
    total, wrong = len(is_wrong), int(is_wrong.sum())
    p_values = adjusted_p_values(_p_values(tried, total, wrong)).tolist()
    judged: dict[Buckets, WeakSlice] = {}
    for (buckets, n, bad), p in zip(tried, p_values, strict=True):
        elsewhere = (wrong - bad) / (total - n)
        judged[buckets] = WeakSlice(buckets, n, bad, elsewhere, _cohens_h(bad / n, elsewhere), p)
    reported = [
        each
        for each in judged.values()
        if each.p_value <= FALSE_DISCOVERIES and each.effect >= MIN_EFFECT and _is_news(each, judged)
    ]
    return Search(tuple(sorted(reported, key=lambda weak_slice: -weak_slice.effect)[:MAX_SLICES]), len(tried))


def fisher_greater(bad: int, n: int, wrong: int, total: int) -> float:
    """How often `n` of `total` documents drawn at random hold at least `bad` of the `wrong` ones.

    Raises ValueError where the counts cannot be.

    >>> round(fisher_greater(3, 3, 7, 67), 4)
    0.0007
    """
    if not 0 <= bad <= min(n, wrong) or max(n, wrong) > total:
        raise ValueError(f"{bad} of {n} wrong, {wrong} of {total} in all, cannot be")
    held = np.arange(max(bad, n + wrong - total), min(n, wrong) + 1)
    logs = _log_factorials(total)
    chosen = logs[wrong] - logs[held] - logs[wrong - held]
    others = logs[total - wrong] - logs[n - held] - logs[total - wrong - n + held]
    every = logs[total] - logs[n] - logs[total - n]
    return float(min(1.0, np.exp(chosen + others - every).sum()))


def _counted(codes: Codes, is_wrong: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """(code, documents, wrong ones) of each bucket that is large enough, and leaves as many beside it."""
    is_known = codes >= 0
    documents = np.bincount(codes[is_known])
    wrong = np.bincount(codes[is_known & is_wrong], minlength=len(documents))
    large = (documents >= MIN_SUPPORT) & (len(codes) - documents >= MIN_SUPPORT)
    kept = np.flatnonzero(large)
    return list(zip(kept.tolist(), documents[kept].tolist(), wrong[kept].tolist(), strict=True))


def _p_values(tried: Sequence[tuple[Buckets, int, int]], total: int, wrong: int) -> NDArray[np.float64]:
    share = wrong / total
    p_values = np.ones(len(tried))
    for index, (_buckets, n, bad) in enumerate(tried):
        spread = sqrt(n * share * (1 - share) * (total - n) / max(total - 1, 1))
        if spread and (bad - n * share) / spread >= _MIN_Z:
            p_values[index] = fisher_greater(bad, n, wrong, total)
    return p_values


def _is_news(weak_slice: WeakSlice, judged: dict[Buckets, WeakSlice]) -> bool:
    if len(weak_slice.buckets) == 1:
        return True
    parts = [judged[(bucket,)] for bucket in weak_slice.buckets if (bucket,) in judged]
    return all(
        _cohens_h(weak_slice.error, part.error) >= MIN_EFFECT
        and fisher_greater(weak_slice.wrong, weak_slice.documents, part.wrong, part.documents) <= CLEARLY
        for part in parts
    )


def _cohens_h(first: float, second: float) -> float:
    return 2 * asin(sqrt(first)) - 2 * asin(sqrt(second))


@lru_cache(maxsize=4)
def _log_factorials(limit: int) -> NDArray[np.float64]:
    """(limit + 1,) the logarithms of 0!, 1!, 2! …"""
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, limit + 1)))])
