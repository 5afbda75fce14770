"""Prevalence estimation: how frequent each class is, in all documents and among those still unlabeled.

What was chosen for labeling says nothing about it; only documents drawn at random do.
"""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from analytics.metrics.intervals import CONFIDENCE
from analytics.metrics.measures import Interval, Measure, gettext_noop, undefined

NOTHING_SAMPLED = gettext_noop("No randomly drawn document is labeled yet.")
NOTHING_LEFT = gettext_noop("Every document is labeled.")


def positives_sampled_in_turn(
    documents: NDArray[np.integer],
    class_indices: NDArray[np.integer],
    is_sampled: NDArray[np.bool_],
    *,
    n_classes: int,
    population: int,
) -> NDArray[np.float64]:
    """How many documents of each class the random draws stand for, had they been drawn from all documents.

    A draw is made from what was unlabeled then. So it tells of the whole: what had been chosen before is
    known, and the draw stands for the rest. Without that, classes that were labeled first, because somebody
    asked for them, would be missing from the estimate.

    documents, class_indices : (n_labels,) the document of each label, numbered 0, 1, 2 … in the order in
        which documents were labeled, and the index of its class; a document without a label has no row
    is_sampled : (n_documents,) whether the document was drawn at random; others were chosen or came labeled
    population : documents in all
    returns : (n_classes,) the sum over draws of (chosen before it + rest x this draw) / population

    Source: Farquhar, Gal and Rainforth (2021), "On statistical bias in active learning", with the draws
    themselves left in the rest, so that those of a plain random sample weigh the same.

    >>> is_sampled = np.array([False, True])  # of 10, one of class 0 was chosen, then one of class 1 drawn
    >>> positives_sampled_in_turn(np.array([0, 1]), np.array([0, 1]), is_sampled, n_classes=2, population=10)
    array([0.1, 0.9])
    """
    sampled_after = np.where(is_sampled, 0, is_sampled.sum() - np.cumsum(is_sampled))
    positives_before = np.bincount(class_indices, weights=sampled_after[documents], minlength=n_classes)
    rest = np.where(is_sampled, population - np.cumsum(~is_sampled), 0)
    positives_estimated = np.bincount(class_indices, weights=rest[documents], minlength=n_classes)
    shares: NDArray[np.float64] = (positives_before + positives_estimated) / population
    return shares


def prevalence(positives: float, n_sampled: int, population: int, confidence: float = CONFIDENCE) -> Measure:
    """The share of all documents that have a class, from those drawn at random.

    positives : of the drawn documents that have it; broken for draws in turn, see above
    n_sampled, population : documents, n_sampled <= population
    returns : a share with Wilson's interval; the more of the population was drawn, the narrower, and at last
        none. Each class has its own interval, whether a document has one class or several.
    Raises ValueError where the counts cannot be.

    Source: Wilson (1927), with the finite population correction of Cochran (1977), "Sampling techniques".

    >>> share = prevalence(30, 100, 1_000_000)
    >>> share.value, round(share.interval.low, 3), round(share.interval.high, 3)
    (0.3, 0.219, 0.396)
    """
    if not -1e-9 <= positives <= n_sampled + 1e-9 or not 0 <= n_sampled <= population:
        raise ValueError(f"{positives} of {n_sampled} of {population} cannot be")
    if n_sampled == 0:
        return undefined(NOTHING_SAMPLED)
    share = min(max(positives / n_sampled, 0.0), 1.0)
    if n_sampled == population:
        return Measure(share, interval=Interval(share, share))
    trials = (
        n_sampled * (population - 1) / (population - n_sampled)
    )  # as informative, were there no end of them
    return Measure(share, interval=_score_interval(share, trials, confidence))


def p_value_of_share(share: float, positives: float, n_sampled: int, population: int) -> float:
    """How often random draws alone would differ as much as these from that share of all documents.

    The test that belongs to the interval of `prevalence`: below 1 - confidence exactly where the share is
    outside. 1 where nothing was drawn.

    >>> round(p_value_of_share(0.219, 30, 100, 1_000_000), 2), p_value_of_share(0.3, 30, 100, 1_000_000)
    (0.05, 1.0)
    """
    if n_sampled == 0:
        return 1.0
    observed = positives / n_sampled
    spread = sqrt(share * (1 - share) * (population - n_sampled) / (n_sampled * max(population - 1, 1)))
    if spread == 0:
        return 1.0 if abs(observed - share) < 1e-9 else 0.0
    return 2 * NormalDist().cdf(-abs(observed - share) / spread)


def unlabeled_prevalence(whole: Measure, population: int, labeled: int, labeled_of_class: int) -> Measure:
    """The share of the unlabeled documents that have a class: what is known is taken off.

    whole : the share of all documents
    labeled, labeled_of_class : documents with an answer, and those of them that have the class
    returns : (population x share - labeled_of_class) / (population - labeled), clipped to [0, 1]

    >>> unlabeled_prevalence(Measure(0.1, interval=Interval(0.05, 0.2)), 1_000, 200, 90)
    Measure(value=0.0125, reason='', interval=Interval(low=0.0, high=0.1375))
    """
    rest = population - labeled
    if whole.value is None or whole.interval is None:
        return whole
    if rest <= 0:
        return undefined(NOTHING_LEFT)
    value, low, high = (
        min(max((population * share - labeled_of_class) / rest, 0.0), 1.0)
        for share in (whole.value, whole.interval.low, whole.interval.high)
    )
    return Measure(value, interval=Interval(low, high))


def _score_interval(share: float, trials: float, confidence: float) -> Interval:
    """Wilson's, for a number of trials that need not be whole."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    center = share + z * z / (2 * trials)
    reach = z * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return Interval(max(0.0, (center - reach) / scale), min(1.0, (center + reach) / scale))
