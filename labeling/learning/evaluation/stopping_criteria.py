"""Stopping criteria: whether the model still changes and improves, and what more labels would bring.

Advice, never a decision: what a label is worth to its project, nobody here knows.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from labeling.learning.arrays.types import AnyFloats, Flags, Integers
from labeling.learning.evaluation.cohen_kappa import agreement_beyond_chance

SAMPLE = 1_500  # documents on which two models are compared
MIN_STEP = 20  # labels between them: a model that learned from one more label is the same model
COMPARED = 3  # comparisons of models, the latest, whose mean counts
STEADY = 0.97  # mean kappa from which predictions have settled; .99, an older default, was never reached
FLAT = 0.005  # accuracy per 100 labels below which there is hardly a gain
WINDOW = 200  # answers, the latest, over which the trend is drawn
MIN_SAMPLED = 10  # random documents among them
MIN_MODELS = 4  # of a learning curve
MIN_GROWTH = 1.5  # from its first to its last number of labels
MIN_TEST_DOCUMENTS = 30  # documents
NEXT = 100  # labels
Z = 1.959964  # 97.5% of the normal distribution
T_QUANTILES = (  # 97.5% of Student's distribution with 1, 2, 3 … degrees of freedom
    12.70620,
    4.30265,
    3.18245,
    2.77645,
    2.57058,
    2.44691,
    2.36462,
    2.30600,
    2.26216,
    2.22814,
    2.20099,
    2.17881,
    2.16037,
    2.14479,
)


class TrendStatus(StrEnum):
    """What the numbers say together."""

    UNKNOWN = "unknown"  # too few numbers yet
    LEARNING = "learning"  # the model still changes or improves
    STABILIZED = "stabilized"  # more labels of this kind would hardly change it


@dataclass(frozen=True)
class Trend:
    """Accuracy gained per 100 labels, with its 95% interval; n documents drawn at random tell it."""

    slope: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Gain:
    """Accuracy that the next `NEXT` labels may bring, with its 95% interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Advice:
    """The numbers, and what they say.

    kappas : of consecutive models, the latest `COMPARED`, the newest last
    kappa : their mean; None until all are there
    """

    standing: TrendStatus
    kappas: tuple[float, ...]
    kappa: float | None
    trend: Trend | None
    gain: Gain | None


def advise(kappas: Sequence[float], trend: Trend | None, gain: Gain | None) -> Advice:
    """Put the numbers together.

    Stabilised: the predictions of three models in a row agree, and accuracy on random documents rises by less
    than `FLAT` per 100 labels, with an interval that holds 0.

    Source: Bloodgood and Vijay-Shanker (2009), "A method for stopping active learning based on stabilizing
    predictions". On AG News the mean of three got to .97 at 360 to 460 labels, .8 to 2 points below its best.

    >>> advise([0.95, 0.98, 0.985, 0.99], Trend(0.002, -0.02, 0.024, 20), None).standing
    <TrendStatus.STABILIZED: 'stabilized'>
    >>> advise([0.98], None, None).standing, advise([0.9, 0.9, 0.9], None, None).standing
    (<TrendStatus.UNKNOWN: 'unknown'>, <TrendStatus.LEARNING: 'learning'>)
    """
    latest = tuple(kappas[-COMPARED:])
    kappa = float(np.mean(latest)) if len(latest) == COMPARED else None
    is_moving = kappa is not None and kappa < STEADY
    is_flat = trend is not None and trend.slope < FLAT and trend.low <= 0 <= trend.high
    if is_moving or (trend is not None and not is_flat):
        standing = TrendStatus.LEARNING
    elif kappa is None or trend is None:
        standing = TrendStatus.UNKNOWN
    else:
        standing = TrendStatus.STABILIZED
    return Advice(standing, latest, kappa, trend, gain)


def prediction_kappa(before: Flags, after: Flags, *, is_single: bool) -> float:
    """How much two models agree on the same documents, beyond chance: 1 on all, 0 as by chance.

    before, after : (n, n_classes) decisions; each of several labels is one decision
    returns : Cohen's kappa; 1 where both say the same of everything

    >>> one = np.eye(2, dtype=bool)[[0, 0, 1, 1]]
    >>> prediction_kappa(one, np.eye(2, dtype=bool)[[0, 0, 1, 0]], is_single=True)
    0.5
    """
    first, second = (x.argmax(axis=1) if is_single else x.astype(np.int64).ravel() for x in (before, after))
    return kappa(first, second)


def kappa(first: Integers, second: Integers) -> float:
    """The same of two lists of class numbers, (n,) each.

    >>> kappa(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0]))
    0.5
    """
    agreement = agreement_beyond_chance(first, second)
    return 1.0 if agreement is None else agreement


def accuracy_trend(ages: Integers, is_right: Flags) -> Trend | None:
    """How fast accuracy rises, by least squares over random documents among the latest answers.

    ages : (n,) answers that came after each; is_right : (n,) whether the model had predicted it
    returns : None where fewer than `MIN_SAMPLED` lie within `WINDOW`

    Only uniform draws may be given: chosen documents are the hard ones, and get harder.

    >>> ages = np.arange(190, -1, -10)
    >>> trend = accuracy_trend(ages, np.arange(20) % 2 == 0)
    >>> round(trend.slope, 3), round(trend.low, 2), round(trend.high, 2), trend.n
    (-0.075, -0.5, 0.35, 20)
    """
    is_late = ages < WINDOW
    hundreds, right = -ages[is_late] / 100, is_right[is_late].astype(np.float64)
    n = len(right)
    if n < MIN_SAMPLED or np.ptp(hundreds) == 0:
        return None
    spread = float(((hundreds - hundreds.mean()) ** 2).sum())
    slope = float(((hundreds - hundreds.mean()) * (right - right.mean())).sum() / spread)
    residuals = right - right.mean() - slope * (hundreds - hundreds.mean())
    share = (right.sum() + 1) / (n + 2)  # all right so far is no proof of never wrong
    noise = max(float((residuals**2).sum()) / (n - 2), float(share * (1 - share)))
    reach = t_quantile(n - 2) * float(np.sqrt(noise / spread))
    return Trend(slope, slope - reach, slope + reach, n)


def expected_gain(labels: Integers, wrong: AnyFloats, documents: Integers) -> Gain | None:
    """What the next `NEXT` labels would bring, if the error went on falling as a power of their number.

    labels : (n,) labels that each model had; wrong : (n,) documents that it got wrong of `documents` (n,)
    returns : None with fewer than `MIN_MODELS` models that were tested on `MIN_TEST_DOCUMENTS`
        documents each, or where labels grew by less than `MIN_GROWTH`: then any number would be made up

    Source: Figueroa et al. (2012), "Predicting sample size required for classification performance": weighted
    least squares; here on logarithms, so that it has one answer.

    >>> labels = np.array([50, 100, 200, 400])
    >>> gain = expected_gain(labels, 800 * labels ** -.5 - .5, np.array([999] * 4))
    >>> round(gain.value, 4), gain.low < gain.value < gain.high
    (0.0042, True)
    >>> expected_gain(labels[:3], np.array([9, 8, 7]), np.array([99] * 3)) is None
    True
    """
    is_told = (documents >= MIN_TEST_DOCUMENTS) & (labels > 0)
    labels, wrong, documents = labels[is_told], wrong[is_told], documents[is_told]
    if len(labels) < MIN_MODELS or labels.max() < MIN_GROWTH * labels.min():
        return None
    error = np.clip((wrong + 0.5) / (documents + 1), 1e-6, 1 - 1e-6)
    weights = documents * error / (1 - error)  # of a logarithm of a share
    x, y = np.log(labels), np.log(error)
    mean_x, mean_y = np.average(x, weights=weights), np.average(y, weights=weights)
    spread = float((weights * (x - mean_x) ** 2).sum())
    power = float((weights * (x - mean_x) * (y - mean_y)).sum()) / spread
    residuals = y - mean_y - power * (x - mean_x)
    noise = max(float((weights * residuals**2).sum()) / (len(x) - 2), 1e-12)
    now = float(np.exp(mean_y + power * (x.max() - mean_x)))
    growth = float(np.log(1 + NEXT / labels.max()))
    left = float(np.exp(power * growth))
    value = now * (1 - left)
    level = (1 - now) / (now * documents[-1])  # variance of the logarithm of the error
    variance = (now * left * growth) ** 2 * noise / spread + value**2 * level
    reach = t_quantile(len(x) - 2) * float(np.sqrt(variance))
    return Gain(value, value - reach, value + reach)


def t_quantile(degrees: int) -> float:
    """97.5% of Student's distribution, to 1e-4: from a table, and from an expansion where that is as exact.

    degrees : of freedom, at least 1. SciPy would tell too, but takes a web process a second to load.

    Source: Hill (1970), Cornish-Fisher expansion.

    >>> [round(t_quantile(degrees), 3) for degrees in (2, 10, 1_000)]
    [4.303, 2.228, 1.962]
    """
    if degrees <= len(T_QUANTILES):
        return T_QUANTILES[degrees - 1]
    terms = (
        (Z**3 + Z) / 4,
        (5 * Z**5 + 16 * Z**3 + 3 * Z) / 96,
        (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / 384,
    )
    return Z + math.fsum(term / degrees ** (power + 1) for power, term in enumerate(terms))
