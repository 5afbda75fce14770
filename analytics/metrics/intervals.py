"""How far can a measured share be trusted? Closed forms that hold for small test sets too."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

from analytics.metrics.measures import Interval, Measure, gettext_noop, undefined

CONFIDENCE = 0.95
NO_SUPPORT = gettext_noop("No document of the test set has this class.")


def wilson(successes: int, trials: int, confidence: float = CONFIDENCE) -> Interval:
    """Score interval of a proportion; never empty, never outside [0, 1], also for 0 of n and n of n.

    successes, trials : counts, 0 <= successes <= trials, trials >= 1
    Raises ValueError for anything else.

    Source: Wilson (1927), "Probable inference, the law of succession, and statistical inference".

    >>> found = wilson(8, 10)
    >>> round(found.low, 4), round(found.high, 4)
    (0.4902, 0.9433)
    """
    if not 0 <= successes <= trials or trials < 1:
        raise ValueError(f"{successes} of {trials} is not a proportion")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = successes / trials
    centre = share + z * z / (2 * trials)
    reach = z * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    low = 0.0 if successes == 0 else (centre - reach) / scale
    high = 1.0 if successes == trials else (centre + reach) / scale
    return Interval(low, high)


def proportion(successes: int, trials: int, reason: str, confidence: float = CONFIDENCE) -> Measure:
    """A share with its Wilson interval; undefined for that reason when there were no trials.

    >>> proportion(8, 10, "No document was labelled.").value
    0.8
    """
    if trials == 0:
        return undefined(reason)
    return Measure(successes / trials, interval=wilson(successes, trials, confidence))


def f1_of_counts(
    true_positives: int, false_positives: int, false_negatives: int, confidence: float = CONFIDENCE
) -> Measure:
    """F1 of one class, with an interval that holds for small counts.

    F1 = 2 J / (1 + J), where J = tp / (tp + fp + fn) is a proportion: of the documents that have the class or
    were given it, the share where both agree. So Wilson's interval of J, carried through this increasing
    function, is one of F1. Undefined without a document of the class: recall and F1 cannot be known.

    >>> found = f1_of_counts(1, 0, 2)
    >>> found.value, round(found.interval.low, 3), round(found.interval.high, 3)
    (0.5, 0.116, 0.884)
    """
    if true_positives + false_negatives == 0:
        return undefined(NO_SUPPORT)
    union = true_positives + false_positives + false_negatives
    agreed = wilson(true_positives, union, confidence)
    return Measure(
        2 * true_positives / (union + true_positives),
        interval=Interval(2 * agreed.low / (1 + agreed.low), 2 * agreed.high / (1 + agreed.high)),
    )
