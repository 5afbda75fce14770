"""Bias report: what actively chosen labels would have said, and whether shown suggestions bend answers.

Both are told beside the honest numbers and never instead of them. Every prediction here was made before its
answer, by the model of that moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from analytics.data.bias_queries import Answered, answered_beside
from analytics.metrics.bias import difference_of_proportions, difference_within_strata
from analytics.metrics.intervals import proportion
from analytics.metrics.measures import Measure, gettext_noop
from labeling.guidelines.models import LabelClass
from labeling.predictions.prequential import Predicted, PredictedSpans, foretold
from labeling.projects.models import Project

LATEST = 2_000  # answers that are looked at
MIN_ANSWERS = 20  # answers on each side, below which a difference is not put into the title
BANDS = 5  # of the model's probability, within which shown and hidden answers are compared
SEEN = ("shown", "preselected")

NONE_SAMPLED = gettext_noop("No random document was predicted before it was labeled.")
NONE_CHOSEN = gettext_noop("No actively selected document was predicted before it was labeled.")
NONE_COMPARABLE = gettext_noop("Shown and hidden pre-labels have no documents of the same confidence yet.")
NONE_AFTER = gettext_noop("No annotator has chosen another class before a pre-label was shown.")


@dataclass(frozen=True)
class ChosenAndSampled:
    """The share of documents whose most likely class was right, on random and on chosen ones.

    bias : chosen minus drawn: how far the biased number is off
    """

    sampled: Measure
    chosen: Measure
    n_sampled: int
    n_chosen: int
    bias: Measure


@dataclass(frozen=True)
class ClassBias:
    """The same of the documents that got one class: its recall."""

    label_class: LabelClass
    recall: ChosenAndSampled


@dataclass(frozen=True)
class AutomationBias:
    """Agreement with the model's opinion where it was seen and where not.

    pull : seen minus hidden, among documents of the same confidence
    changed : of answers that began with something else, under "after", the share that went over to the model
    """

    seen: Measure
    hidden: Measure
    n_seen: int
    n_hidden: int
    pull: Measure
    changed: Measure
    n_contrary: int


@dataclass(frozen=True)
class BiasReport:
    """Biased numbers, named as such."""

    overall: ChosenAndSampled
    classes: list[ClassBias]
    leaning: AutomationBias

    @property
    def is_empty(self) -> bool:
        return not (self.overall.n_sampled or self.overall.n_chosen)


def bias_report(project: Project, classes: Sequence[LabelClass]) -> BiasReport:
    """From the latest answers, in two statements.

    Where spans are marked, a document is right with exactly its spans, and recall is of spans. Whether shown
    marks bend the answers is undefined there: each of them is taken or dropped by itself.
    """
    predicted = foretold(project, LATEST)
    return BiasReport(
        _compared((prediction.is_sampled, prediction.is_right) for prediction in predicted),
        [ClassBias(label_class, _recall(predicted, label_class.pk)) for label_class in classes],
        _automation_bias(answered_beside(project.pk, LATEST)),
    )


def title(report: BiasReport) -> str:
    """How far the chosen labels are off."""
    overall = report.overall
    if min(overall.n_sampled, overall.n_chosen) < MIN_ANSWERS or overall.bias.interval is None:
        return _("Too few annotations to estimate the bias of actively selected labels")
    if overall.bias.interval.high < 0:
        return _("Actively selected labels make the model look worse than it is")
    if overall.bias.interval.low > 0:
        return _("Actively selected labels make the model look better than it is")
    return _("The bias of actively selected labels is not statistically significant")


def _compared(cases: Iterable[tuple[bool, bool]]) -> ChosenAndSampled:
    """From whether each was drawn, and whether it was right."""
    sides: dict[bool, list[bool]] = {True: [], False: []}
    for is_sampled, is_right in cases:
        sides[is_sampled].append(is_right)
    sampled, chosen = sides[True], sides[False]
    return ChosenAndSampled(
        proportion(sum(sampled), len(sampled), NONE_SAMPLED),
        proportion(sum(chosen), len(chosen), NONE_CHOSEN),
        len(sampled),
        len(chosen),
        difference_of_proportions(
            sum(sampled), len(sampled), sum(chosen), len(chosen), NONE_CHOSEN if sampled else NONE_SAMPLED
        ),
    )


def _recall(predicted: Sequence[Predicted | PredictedSpans], label_class: UUID) -> ChosenAndSampled:
    """Of the documents that got the class; of its spans, where spans are marked."""
    return _compared(
        (prediction.is_sampled, is_right)
        for prediction in predicted
        for is_right in _found(prediction, label_class)
    )


def _found(prediction: Predicted | PredictedSpans, label_class: UUID) -> list[bool]:
    """Whether each label of the class was foretold."""
    if isinstance(prediction, PredictedSpans):
        return [span in prediction.predicted for span in prediction.true_labels if span[2] == label_class]
    return [prediction.label_class == label_class] if label_class in prediction.true_labels else []


def _automation_bias(answers: Sequence[Answered]) -> AutomationBias:
    seen = [answer for answer in answers if answer.policy in SEEN]
    hidden = [answer for answer in answers if answer.policy == "hidden"]
    strata = []
    for band in range(BANDS):
        sides = [[answer.agrees for answer in side if _band(answer) == band] for side in (hidden, seen)]
        strata.append((sum(sides[0]), len(sides[0]), sum(sides[1]), len(sides[1])))
    contrary = [answer for answer in answers if answer.policy == "after" and answer.first != answer.suggested]
    changed = sum(answer.suggested in answer.answer for answer in contrary)
    return AutomationBias(
        proportion(sum(answer.agrees for answer in seen), len(seen), NONE_COMPARABLE),
        proportion(sum(answer.agrees for answer in hidden), len(hidden), NONE_COMPARABLE),
        len(seen),
        len(hidden),
        difference_within_strata(strata, NONE_COMPARABLE),
        proportion(changed, len(contrary), NONE_AFTER),
        len(contrary),
    )


def _band(answer: Answered) -> int:
    return min(int(answer.probability * BANDS), BANDS - 1)
