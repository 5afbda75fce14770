"""Stopping advice: is it time to stop labeling? What stored numbers say. Nothing ever stops by itself."""

from __future__ import annotations

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from labeling.formatting import decimal
from labeling.learning.evaluation import stopping_criteria
from labeling.learning.evaluation.stopping_criteria import Advice, Gain, Trend, TrendStatus
from labeling.learning.query_strategies.mix import Share
from labeling.predictions.models import ModelVersion
from labeling.predictions.prequential import foretold
from labeling.projects.models import Project

MAX_VERSIONS = 200  # of a learning curve
MAX_SAMPLED = 4_000  # answers among which random ones are looked for, where there is no test set
TOGETHER = 40  # random documents that make a point of a curve


def stopping_advice(project: Project) -> Advice:
    """Read the numbers and put them together."""
    versions = list(project.model_versions.ready()[:MAX_VERSIONS])
    sampled = [
        prediction
        for prediction in foretold(project, stopping_criteria.WINDOW)
        if prediction.share == Share.RANDOM
    ]
    trend = stopping_criteria.accuracy_trend(
        np.array([prediction.age for prediction in sampled], dtype=np.int64),
        np.array([prediction.is_right for prediction in sampled], dtype=bool),
    )
    return stopping_criteria.advise(
        _kappas(versions), trend, _tested_gain(versions) or _sampled_gain(project, versions)
    )


def title(advice: Advice, is_target_reached: bool = False) -> str:
    """What the advice is.

    is_target_reached : beyond doubt, by macro F1
    """
    if is_target_reached and advice.standing == TrendStatus.UNKNOWN:
        return _("The target is reached. Too early to say whether more labels would help")
    match advice.standing:
        case TrendStatus.STABILIZED:
            return _("The model has stabilized: more labels like these would hardly change it")
        case TrendStatus.LEARNING:
            return _("The model is still learning: more labels help")
    return _("Too early to say whether more labels help")


def sentences(advice: Advice) -> list[str]:
    """Each number with its interval and what it is measured on, or what is missing for it."""
    return [_kappa_sentence(advice), _trend_sentence(advice.trend), _gain_sentence(advice.gain)]


def _kappas(versions: list[ModelVersion]) -> list[float]:
    """Of models that follow each other, the oldest first; `versions` come newest first."""
    by_number = {version.number: version for version in versions}
    kappas: list[float] = []
    version = versions[0] if versions else None
    while version is not None and (change := version.metadata.change):
        kappas.append(change.kappa)
        version = by_number.get(change.since)
    return kappas[::-1]


def _tested_gain(versions: list[ModelVersion]) -> Gain | None:
    """From the held-out test set, of the models that know the classes of now."""
    points = [
        (version.label_count, correct.documents - correct.right, correct.documents)
        for version in versions
        if (correct := version.metadata.test_set) and list(version.classes) == list(versions[0].classes)
    ]
    return _gain(points[::-1])


def _sampled_gain(project: Project, versions: list[ModelVersion]) -> Gain | None:
    """From random documents, each predicted before it was labeled: where the test set is too small."""
    labels = {version.number: version.label_count for version in versions}
    sampled = [
        (labels[prediction.model], not prediction.is_right)
        for prediction in foretold(project, MAX_SAMPLED)
        if prediction.share == Share.RANDOM and prediction.model in labels
    ]
    groups = [sampled[start : start + TOGETHER] for start in range(0, len(sampled), TOGETHER)]
    return _gain(
        [
            (round(sum(count for count, _ in group) / len(group)), sum(w for _, w in group), len(group))
            for group in groups
        ]
    )


def _gain(points: list[tuple[int, int, int]]) -> Gain | None:
    """`points` are labels, documents that were predicted wrongly, documents; the oldest first."""
    labels, wrong, documents = np.array(points, dtype=np.int64).reshape(-1, 3).T
    return stopping_criteria.expected_gain(labels, wrong.astype(np.float64), documents)


def _kappa_sentence(advice: Advice) -> str:
    if advice.kappa is None:
        return _(
            "Predictions are compared between models that are at least {step} labels apart. So far "
            "there are {n} of {wanted} comparisons."
        ).format(step=stopping_criteria.MIN_STEP, n=len(advice.kappas), wanted=stopping_criteria.COMPARED)
    return _(
        "Consecutive models agree on random documents with a kappa of {kappa} (mean of {n}). From "
        "{limit}, predictions count as stable."
    ).format(
        kappa=decimal(advice.kappa, 3),
        n=stopping_criteria.COMPARED,
        limit=decimal(stopping_criteria.STEADY, 2),
    )


def _trend_sentence(trend: Trend | None) -> str:
    if trend is None:
        return _(
            "Fewer than {n} of the latest {window} annotations are of random documents, so there is "
            "no trend yet."
        ).format(n=stopping_criteria.MIN_SAMPLED, window=stopping_criteria.WINDOW)
    return ngettext(
        "On {n} random document, accuracy changes by {slope} points per 100 labels ({low} to {high}).",
        "On {n} random documents, accuracy changes by {slope} points per 100 labels ({low} to {high}).",
        trend.n,
    ).format(n=trend.n, slope=_points(trend.slope), low=_points(trend.low), high=_points(trend.high))


def _gain_sentence(gain: Gain | None) -> str:
    if gain is None:
        return ngettext(
            "The gain from the next {next} labels is unknown. It takes {n} model, evaluated on "
            "at least {tested} test documents.",
            "The gain from the next {next} labels is unknown. It takes {n} models, each evaluated on "
            "at least {tested} test documents.",
            stopping_criteria.MIN_MODELS,
        ).format(
            next=stopping_criteria.NEXT,
            n=stopping_criteria.MIN_MODELS,
            tested=stopping_criteria.MIN_TEST_DOCUMENTS,
        )
    return _(
        "If the error keeps falling at this rate, the next {next} labels add {value} points of "
        "accuracy ({low} to {high})."
    ).format(
        next=stopping_criteria.NEXT, value=_points(gain.value), low=_points(gain.low), high=_points(gain.high)
    )


def _points(share: float) -> str:
    """A difference of shares in points, with its sign.

    >>> _points(0.0123), _points(-0.0004)
    ('+1.2', '0.0')
    """
    shown = round(100 * share, 1)
    sign = "+" if shown > 0 else "−" if shown < 0 else ""
    return f"{sign}{decimal(abs(shown), 1)}"
