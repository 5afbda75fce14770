"""Confidence intervals: how far a measured share can be trusted. Closed forms, for small test sets too."""

from __future__ import annotations

from functools import lru_cache
from math import exp, sqrt
from statistics import NormalDist

from analytics.metrics.incomplete_beta import beta_quantile, incomplete_beta, log_density, root
from analytics.metrics.measures import Interval, Measure, gettext_noop, undefined

CONFIDENCE = 0.95
JEFFREYS, EXACT = 0.5, 1.0  # cases that an end concedes: Jeffreys' interval, Clopper and Pearson's
_NO_CASE = 1e-9
NO_SUPPORT = gettext_noop("No test document has this class.")


def interval_of_share(successes: float, trials: float, confidence: float = CONFIDENCE) -> Interval:
    """Interval of a proportion that holds for few trials too; never empty, never outside [0, 1].

    successes, trials : counts, or effective numbers of them, 0 <= successes <= trials, trials above 0
    Raises ValueError for anything else.

    Mid-p: each end is the share at which so many successes or more (or fewer) come in 2.5% of samples, those
    as many as here counted half. Whatever the share and the size, it holds the truth in 92% of samples at
    least, where Wilson's falls to 79% and Jeffreys' to 85%; Clopper and Pearson's is wider than need be.

    Source: Lancaster (1961), "Significance tests in discrete distributions"; Agresti and Gottard (2007),
    "Nonconservative exact small-sample inference for discrete data".

    >>> interval = interval_of_share(8, 10)
    >>> round(interval.low, 4), round(interval.high, 4)
    (0.4805, 0.965)
    """
    _refuse_what_is_no_share(successes, trials)
    tail = (1 - confidence) / 2
    low, left_out = (_mid_p_end(cases, trials - cases, tail) for cases in (successes, trials - successes))
    return Interval(low, 1 - left_out)


def wilson(successes: float, trials: float, confidence: float = CONFIDENCE) -> Interval:
    """Score interval of a proportion, of which Newcombe's differences are made; never empty, inside [0, 1].

    successes, trials : counts, or shares of them, 0 <= successes <= trials, trials above 0
    Raises ValueError for anything else.

    Source: Wilson (1927), "Probable inference, the law of succession, and statistical inference".

    >>> interval = wilson(8, 10)
    >>> round(interval.low, 4), round(interval.high, 4)
    (0.4902, 0.9433)
    """
    _refuse_what_is_no_share(successes, trials)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = successes / trials
    center = share + z * z / (2 * trials)
    reach = z * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    low = 0.0 if successes == 0 else (center - reach) / scale
    high = 1.0 if successes == trials else (center + reach) / scale
    return Interval(low, high)


def effective_interval(
    value: float, center: float, variance: float, *, edge: float = JEFFREYS, confidence: float = CONFIDENCE
) -> Interval:
    """Interval of a mean in [0, 1] that varies like a share of so many cases; around two estimates of it.

    value : as measured, 0 to 1
    center : the same estimated more cautiously, inside (0, 1)
    variance : of the mean, above 0; a share near `center` of `center * (1 - center) / variance` cases has it
    edge : cases that both ends concede, JEFFREYS or EXACT
    returns : holds both estimates, never empty, never outside [0, 1]

    Source: Korn and Graubard (1998), "Confidence intervals for proportions with small expected number of
    positive counts estimated from survey data", with the ends of Clopper and Pearson (1934) or of Jeffreys
    (Brown, Cai and DasGupta, 2001).

    >>> interval = effective_interval(0.1, 0.1, 0.09 / 50, edge=EXACT)
    >>> round(interval.low, 4), round(interval.high, 4)
    (0.0333, 0.2181)
    """
    cases = center * (1 - center) / variance
    tail, lows, highs = (1 - confidence) / 2, [value, center], [value, center]
    for share in (value, center):
        right, wrong = share * cases, (1 - share) * cases
        if share > 0:
            lows.append(_low_end(right, wrong, edge, tail))
        if share < 1:
            highs.append(_high_end(right, wrong, edge, tail))
    low = 0.0 if value <= 0 else min(lows)
    high = 1.0 if value >= 1 else max(highs)
    return Interval(low, high)


def proportion(successes: float, trials: float, reason: str, effect: float = 1.0) -> Measure:
    """A share with its interval; undefined for that reason when there were no trials.

    effect : of how many trials that go wrong together each tells as much as one (Kish's design effect)

    >>> proportion(8, 10, "No document was labeled.").value
    0.8
    """
    if trials == 0:
        return undefined(reason)
    return Measure(successes / trials, interval=interval_of_share(successes / effect, trials / effect))


def f1_of_counts(
    true_positives: float, false_positives: float, false_negatives: float, effect: float = 1.0
) -> Measure:
    """F1 of one class, with an interval that holds for small counts.

    effect : as of `proportion`

    F1 = 2 J / (1 + J), where J = tp / (tp + fp + fn) is a proportion: of the documents that have the class or
    were given it, the share where both agree. So an interval of J, carried through this increasing function,
    is one of F1. Undefined without a document of the class: recall and F1 cannot be known.

    >>> f1 = f1_of_counts(1, 0, 2)
    >>> f1.value, round(f1.interval.low, 3), round(f1.interval.high, 3)
    (0.5, 0.033, 0.929)
    """
    if true_positives + false_negatives == 0:
        return undefined(NO_SUPPORT)
    union = true_positives + false_positives + false_negatives
    agreed = interval_of_share(true_positives / effect, union / effect)
    return Measure(
        2 * true_positives / (union + true_positives),
        interval=Interval(2 * agreed.low / (1 + agreed.low), 2 * agreed.high / (1 + agreed.high)),
    )


def _refuse_what_is_no_share(successes: float, trials: float) -> None:
    if not 0 <= successes <= trials or trials <= 0:
        raise ValueError(f"{successes} of {trials} is not a proportion")


@lru_cache(maxsize=10_000)
def _mid_p_end(right: float, wrong: float, tail: float) -> float:
    """The lower end: halfway between the laws that count equal samples in full and not at all."""
    if right < _NO_CASE:
        return 0.0
    if wrong < _NO_CASE:
        return float((2 * tail) ** (1 / right))

    def excess(share: float) -> tuple[float, float]:
        equal = exp(log_density(right + 1, wrong + 1, share)) / (right + wrong + 1)
        slope = equal * (right / share + wrong / (1 - share)) / 2
        return incomplete_beta(right, wrong + 1, share) - equal / 2 - tail, slope

    return root(excess, wilson(right, right + wrong, 1 - 2 * tail).low)


@lru_cache(maxsize=10_000)
def _low_end(right: float, wrong: float, conceded: float, tail: float) -> float:
    if right + 1 - conceded < _NO_CASE:
        return 0.0
    if wrong + conceded < _NO_CASE:
        return 1.0
    return beta_quantile(right + 1 - conceded, wrong + conceded, tail)


def _high_end(right: float, wrong: float, conceded: float, tail: float) -> float:
    return 1 - _low_end(wrong, right, conceded, tail)
