"""Cohen's kappa: how far two lists of classes agree beyond chance."""

import numpy as np

from labeling.learning.arrays.types import AnyIntegers


def agreement_beyond_chance(first: AnyIntegers, second: AnyIntegers) -> float | None:
    """1 where they agree on all, 0 as by chance, negative below it; None where there is nothing to tell.

    first, second : (n,) class numbers, 0 and above
    returns : None without documents, and where both give one and the same class to all of them

    Source: Cohen (1960), "A coefficient of agreement for nominal scales", doi:10.1177/001316446002000104.

    >>> agreement_beyond_chance(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0]))
    0.5
    >>> agreement_beyond_chance(np.array([2, 2]), np.array([2, 2])) is None
    True
    """
    if not len(first):
        return None
    n_classes = int(max(first.max(), second.max())) + 1
    by_first, by_second = (np.bincount(x, minlength=n_classes) / len(x) for x in (first, second))
    if (by_first * by_second).max() == 1:
        return None
    expected = float(by_first @ by_second)
    observed = float((first == second).mean())
    return (observed - expected) / (1 - expected)
