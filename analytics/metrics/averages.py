"""Macro and micro averages: how far can they be trusted? Closed forms, also where nearly all is right.

An average of few documents of many classes fails plain formulas twice. Classes with a document or two have
scores of 0 or 1, which look certain; and a class is only seen when a document of it came, so that its share
of the test set looks larger than it is. So each class borrows from the others what it lacks (`_rates`,
empirical Bayes after Morris, 1983): many with few documents, classes with many hardly anything. From these
rates come a second center and the variance of each class, as that of a share; documents on which several
classes go wrong together widen it by the design effect (Kish, 1965). The interval is that of a share with as
many cases as give this variance (Korn and Graubard, 1998), around both centers: it is never empty and never
leaves [0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analytics.metrics.classification import Average, Report, divide
from analytics.metrics.intervals import EXACT, JEFFREYS, effective_interval, interval_of_share
from analytics.metrics.measures import Interval, Measure
from analytics.metrics.outcomes import Outcomes

Values = NDArray[np.float64]
MIN_STRENGTH, MAX_STRENGTH = 0.5, 50.0  # documents that the other classes may count for
MIN_STRENGTH_OF_SHARES = 2.0


@dataclass(frozen=True, slots=True)
class Rates:
    """What a test set of this size would have of each class: (n_classes,) each, above 0.

    support, extra : true labels, and labels given wrongly
    recall : share of true labels that are found, below 1
    """

    support: Values
    extra: Values
    recall: Values


@dataclass(frozen=True, slots=True)
class Scores:
    """One kind of score of each class, at the rates: (n_classes,) each.

    values : the score, a function of one share
    shares, slopes, cases : that share, the derivative of the score by it, and of how many cases it is one
    right, extra, missed : by how much one more label that is right, extra or missed moves the score
    is_known : whether the test set has a value
    """

    values: Values
    shares: Values
    slopes: Values
    cases: Values
    right: Values
    extra: Values
    missed: Values
    is_known: NDArray[np.bool_]


def with_intervals(report: Report, outcomes: Outcomes) -> Report:
    """The report with intervals on its micro, macro and weighted averages, and on the Hamming loss.

    outcomes : of the same documents as the report
    returns : a new report; what was undefined stays so

    An interval of a macro or weighted average is about the classes that have a document in this test set: it
    holds their mean score on all documents of the same kind. Of the other classes it says nothing.
    """
    n_documents = int(outcomes.documents.sum())
    if not n_documents:
        return report
    micro = micro_average(report.micro, outcomes)
    rates = rates_of(outcomes)
    macro, weighted = (
        Average(
            *(
                _with_interval(
                    measure, score(outcomes, rates), outcomes, rates.support if by_labels else None
                )
                for measure, score in zip(_measures(average), (precisions, recalls, f1s), strict=True)
            )
        )
        for average, by_labels in ((report.macro, False), (report.weighted, True))
    )
    # Recall weighted by labels is the micro recall, whatever the kind of project.
    weighted = replace(weighted, recall=replace(weighted.recall, interval=micro.recall.interval))
    hamming = report.hamming_loss
    if hamming.value is not None and hamming.interval is None:
        hamming = replace(hamming, interval=_of_cells(hamming.value, outcomes))
    return replace(report, micro=micro, macro=macro, weighted=weighted, hamming_loss=hamming)


def micro_average(average: Average, outcomes: Outcomes) -> Average:
    """Micro precision, recall and F1 with intervals: that of the accuracy where they are it."""
    measures = _measures(average)
    if outcomes.are_single:
        interval = interval_of_share(float(outcomes.totals[0].sum()), float(outcomes.documents.sum()))
        return Average(*(replace(measure, interval=interval) for measure in measures))
    pooled = outcomes.pooled()
    rates, is_known = rates_of(pooled), np.ones(1, dtype=bool)
    return Average(
        *(
            _with_interval(measure, replace(score(pooled, rates), is_known=is_known), pooled)
            for measure, score in zip(measures, (precisions, recalls, f1s), strict=True)
        )
    )


def rates_of(outcomes: Outcomes) -> Rates:
    """Rates of each class, nearer to those of the other classes the fewer labels the class has.

    How much the classes differ among themselves says how near: shares of labels as gamma distributed, recalls
    as beta distributed, both fitted by their moments.
    """
    right, extra, missed = outcomes.totals
    support = right + missed
    recall = (right.sum() + 0.5) / (support.sum() + 1)
    strength = _strength_of_shares(right, support, recall)
    return Rates(_shrunk(support), _shrunk(extra), (right + strength * recall) / (support + strength))


def precisions(outcomes: Outcomes, rates: Rates) -> Scores:
    """Precision of each class: a share of the labels given."""
    right, extra, missed = outcomes.totals
    n_predicted = np.maximum(right + extra, 1e-9)
    values = rates.recall * rates.support / (rates.recall * rates.support + rates.extra)
    none, ones = np.zeros_like(values), np.ones_like(values)
    is_known = (right + missed > 0) & (right + extra > 0)
    return Scores(
        values, values, ones, n_predicted, (1 - values) / n_predicted, -values / n_predicted, none, is_known
    )


def recalls(outcomes: Outcomes, rates: Rates) -> Scores:
    """Recall of each class: a share of its true labels."""
    right, _, missed = outcomes.totals
    support, values = np.maximum(right + missed, 1e-9), rates.recall
    none, ones = np.zeros_like(values), np.ones_like(values)
    is_known = right + missed > 0
    return Scores(values, values, ones, support, (1 - values) / support, none, -values / support, is_known)


def f1s(outcomes: Outcomes, rates: Rates) -> Scores:
    """F1 of each class: 2 J / (1 + J), where J is the share of right ones among true and given labels."""
    right, extra, missed = outcomes.totals
    shares = rates.recall * rates.support / (rates.support + rates.extra)
    values, whole = 2 * shares / (1 + shares), np.maximum(2 * right + extra + missed, 1e-9)
    cases = np.maximum(right + extra + missed, 1e-9)
    slopes, wrong = 2 / (1 + shares) ** 2, -values / whole
    return Scores(values, shares, slopes, cases, (2 - 2 * values) / whole, wrong, wrong, right + missed > 0)


def interval_of_mean(
    value: float, scores: Scores, outcomes: Outcomes, support: Values | None = None
) -> Interval:
    """Interval of a mean over the classes with a value.

    value : as measured; support : weights of the classes, None for equal ones

    Only a plain mean of several classes gets by with the ends of Jeffreys: its classes with few documents
    make it wide enough. With Clopper and Pearson's, macro averages would hold the truth in 99 cases of 100.
    """
    weights = np.where(scores.is_known, 1.0 if support is None else support, 0.0)
    weights = weights / weights.sum()
    center = float(weights @ scores.values)
    within = float(weights**2 @ (scores.slopes**2 * scores.shares * (1 - scores.shares) / scores.cases))
    above = (
        np.zeros_like(weights) if support is None else np.where(scores.is_known, scores.values - center, 0)
    )
    between = float(weights @ above**2) / float(outcomes.documents.sum())
    labels = max(float(outcomes.totals[[0, 2]][:, scores.is_known].sum()), 1.0)
    variance = (within + between) * _design_effect(weights, scores, outcomes, above / labels)
    edge = JEFFREYS if support is None and len(weights) > 1 else EXACT
    return effective_interval(value, center, variance, edge=edge)


def _design_effect(weights: Values, scores: Scores, outcomes: Outcomes, moved: Values) -> float:
    """How much more a mean varies than if each label came out by itself; 1 at least.

    moved : what one more true label of a class changes through the weights
    One imagined document joins with a label missed and another one extra: what no document shows yet.
    """
    right, extra, missed = (weights * part for part in (scores.right, scores.extra, scores.missed))
    together = (
        outcomes.true_positives @ (right + moved)
        + outcomes.false_positives @ extra
        + outcomes.false_negatives @ (missed + moved)
    )
    totals = outcomes.totals
    apart = totals[0] @ right**2 + totals[1] @ extra**2 + totals[2] @ missed**2
    apart += (totals[0] + totals[2]) @ moved**2
    is_known = scores.is_known
    mean_extra, mean_missed = float(extra[is_known].mean()), float(missed[is_known].mean())
    whole = float(outcomes.documents @ together**2) + (mean_extra + mean_missed) ** 2
    return max(1.0, whole / max(float(apart) + mean_extra**2 + mean_missed**2, 1e-300))


def _with_interval(
    measure: Measure, scores: Scores, outcomes: Outcomes, support: Values | None = None
) -> Measure:
    if measure.value is None:
        return measure
    return replace(measure, interval=interval_of_mean(measure.value, scores, outcomes, support))


def _of_cells(value: float, outcomes: Outcomes) -> Interval:
    """Of the share of wrong (document, class) pairs, where those of a document go wrong together."""
    wrong = (outcomes.false_positives + outcomes.false_negatives).sum(axis=1)
    n_documents, n_classes = float(outcomes.documents.sum()), outcomes.true_positives.shape[1]
    cells = n_documents * n_classes
    share = (float(outcomes.documents @ wrong) + 0.5) / (cells + 1)
    labels = float(outcomes.totals[[0, 2]].sum()) / n_documents
    imagined = min(max(2 * labels, 1.0), float(n_classes))  # all its labels missed, as many extra
    apart = cells * share * (1 - share) + imagined
    together = float(outcomes.documents @ (wrong - share * n_classes) ** 2) + imagined**2
    return effective_interval(value, share, share * (1 - share) / cells * max(1.0, together / apart))


def _shrunk(counts: Values) -> Values:
    """Counts nearer to their mean, by the strength that a gamma distribution of the counts has."""
    mean = (float(counts.sum()) + 0.5) / len(counts)
    spread = float(counts.var(ddof=1)) if len(counts) > 1 else 0.0
    plain = float(counts.mean())
    strength = plain**2 / (spread - plain) if spread > plain else MAX_STRENGTH
    strength = min(max(strength, MIN_STRENGTH), MAX_STRENGTH)
    shrunk: Values = (counts + strength) / (1 + strength / mean)
    return shrunk


def _strength_of_shares(right: Values, support: Values, share: float) -> float:
    """How many labels of the other classes count beside a class's own, from how much the shares differ."""
    total, seen = float(support.sum()), support > 0
    if seen.sum() < 2:
        return MAX_STRENGTH if len(support) > 1 else MIN_STRENGTH_OF_SHARES
    freedom = float(seen.sum()) - 1
    size = (total - float((support**2).sum()) / total) / freedom
    differing = np.where(seen, divide(right, support) - share, 0.0)
    excess = float(support @ np.nan_to_num(differing) ** 2) / (share * (1 - share)) / freedom - 1
    if excess <= 0 or size <= 1:
        return MAX_STRENGTH
    correlation = excess / (size - 1)
    return min(max((1 - correlation) / correlation, MIN_STRENGTH_OF_SHARES), MAX_STRENGTH)


def _measures(average: Average) -> tuple[Measure, Measure, Measure]:
    return average.precision, average.recall, average.f1
