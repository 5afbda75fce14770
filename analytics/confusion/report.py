"""Confusion report: classes confused by model or annotators, and what helps: labels, a rule, a class less."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from analytics.data import queries
from analytics.data.content_cache import cached_by_content
from analytics.data.model_selection import ModelSelection, select_model
from analytics.metrics.confusion import (
    Confusion,
    Pair,
    confusion,
    in_either,
    pairs,
    swaps,
    together,
)
from analytics.metrics.intervals import proportion
from analytics.metrics.measures import Measure, gettext_noop
from analytics.metrics.spans import Entity
from analytics.metrics.units import answer_pairs, positions_marked
from labeling.annotations.agreement import ComparedAnswer, compared_answers
from labeling.guidelines.models import LabelClass
from labeling.learning.arrays.class_index import ClassIndex
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project

Units = tuple[
    NDArray[np.bool_], NDArray[np.bool_]
]  # truth and prediction, or one person's answer and another's

MIN_CONFUSIONS = 2  # mix-ups from which a pair is listed
MAX_PAIRS = 12
MIN_COMPARISONS = 10  # comparisons of people from which their agreement on a pair is spoken of
NOT_COMPARED = gettext_noop("No document of either class has annotations from two annotators.")
MIN_DISAGREEMENT = 0.05  # of comparisons, surely: below it the few splits may be slips
SPLIT_TOO_OFTEN = 0.3  # of their comparisons: people do little better than guess between the two


class Verdict(StrEnum):
    """Why two classes are confused, from what annotators do with the same pair."""

    RULE = "rule"  # people surely mix them up, at least half as often as the model: the rule is unclear
    MODEL = "model"  # people mix them up less than half as often: the model is weak
    OPEN = "open"  # compared too seldom to tell the two apart
    UNKNOWN = "unknown"  # people were hardly ever compared


@dataclass(frozen=True)
class AmbiguousPair:
    """Two classes that the model mixes up on the test set, and what people do with them."""

    first: LabelClass
    second: LabelClass
    model: Pair
    people: Measure  # share of comparisons in which two people differ on exactly this pair
    splits: int
    comparisons: int  # of two answers of which one has either class
    verdict: Verdict

    @property
    def is_merge_likely(self) -> bool:
        """Whether people split so often that one class may do for both."""
        return (
            self.verdict is Verdict.RULE
            and self.people.interval is not None
            and self.people.interval.low >= SPLIT_TOO_OFTEN
        )


@dataclass(frozen=True)
class ConfusionReport:
    """Everything that the page, the API and the CSV files show.

    classes : those that the model knows, in the order of all counts
    new_classes : active ones that it does not know yet
    counts : over documents, or places where spans are marked
    co_occurrence : (n_classes, n_classes) documents that have both, where a document may have several
    """

    project: Project
    choice: ModelSelection
    classes: list[LabelClass]
    new_classes: list[LabelClass]
    counts: Confusion | None
    pairs: list[AmbiguousPair]
    co_occurrence: NDArray[np.int64] | None
    test_documents: int
    retired: tuple[tuple[str, int], ...]  # left out, as `HeldOut` tells

    @property
    def version(self) -> ModelVersion | None:
        return self.choice.version


def confusion_report(project: Project, number: str | int | None = None) -> ConfusionReport:
    """Computed now, from a model's stored predictions and the labels of this moment.

    number : the number of the model; the one in use by default. Raises NoSuchModel as `select_model` does.
    """
    choice = select_model(project, number)
    version = choice.version
    classes_by_id = {c.pk: c for c in LabelClass.objects.filter(project=project)}
    active = [c for c in classes_by_id.values() if c.retired_at is None]
    held_out = queries.held_out(project, version) if version else None
    if held_out is None or not len(held_out):
        retired = held_out.retired if held_out is not None else ()
        return ConfusionReport(project, choice, [], active, None, [], None, 0, retired)
    units = units_of(project.kind, held_out)
    return ConfusionReport(
        project=project,
        choice=choice,
        classes=[classes_by_id[pk] for pk in held_out.classes],
        new_classes=[c for c in active if c.pk not in set(held_out.classes)],
        counts=counted(units),
        pairs=ambiguous_pairs(project, classes_by_id, held_out),
        co_occurrence=together(held_out.truth) if project.kind == Project.Kind.MULTI else None,
        test_documents=len(held_out),
        retired=held_out.retired,
    )


def units_of(kind: str, held_out: queries.HeldOut) -> Units:
    """What was judged: documents, or each place that the labels or the model mark."""
    if kind == Project.Kind.SPANS:
        return positions_marked(held_out.truth_spans, held_out.predicted_spans, len(held_out.classes))
    return held_out.truth, held_out.predicted


def counted(units: Units) -> Confusion:
    return cached_by_content(lambda: confusion(*units), "confusion", *units)


def ambiguous_pairs(
    project: Project, classes_by_id: dict[UUID, LabelClass], held_out: queries.HeldOut
) -> list[AmbiguousPair]:
    """Pairs of active classes, the most frequent mix-up first; what people do with them beside it."""
    units = units_of(project.kind, held_out)
    counts = counted(units)
    mixed = cached_by_content(
        lambda: pairs(*units, minimum=MIN_CONFUSIONS, limit=MAX_PAIRS, counts=counts), "pairs", *units
    )
    active = {pk for pk, label_class in classes_by_id.items() if label_class.retired_at is None}
    mixed = [p for p in mixed if {held_out.classes[p.first], held_out.classes[p.second]} <= active]
    if not mixed:
        return []
    splits, comparisons = disagreement(project, held_out.classes)
    return [
        _judged(
            classes_by_id[held_out.classes[pair.first]],
            classes_by_id[held_out.classes[pair.second]],
            pair,
            int(splits[pair.first, pair.second]),
            int(comparisons[pair.first, pair.second]),
        )
        for pair in mixed
    ]


def disagreement(project: Project, classes: Sequence[UUID]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How two people differ on each pair of classes, over all documents that several people answered.

    returns : comparisons in which one gave the row's class and the other the column's instead, and those in
        which either was named: (n_classes, n_classes) each, symmetric
    """
    first, other = _two_answers(project.kind, classes, compared_answers(project.pk))
    split = swaps(first, other)
    return split + split.T, in_either(first | other)


def verdict(model: Measure, people: Measure, comparisons: int) -> Verdict:
    """Whose weakness it is, from the share of mix-ups of the model and of two people.

    >>> from analytics.metrics.intervals import proportion
    >>> verdict(proportion(20, 60, ""), proportion(8, 40, ""), 40).value
    'rule'
    >>> verdict(proportion(20, 60, ""), proportion(1, 90, ""), 90).value
    'model'
    >>> verdict(proportion(5, 60, ""), proportion(1, 12, ""), 12).value
    'open'
    """
    if (
        comparisons < MIN_COMPARISONS
        or people.value is None
        or model.value is None
        or people.interval is None
    ):
        return Verdict.UNKNOWN
    if people.value >= model.value / 2 and people.interval.low >= MIN_DISAGREEMENT:
        return Verdict.RULE
    return Verdict.MODEL if people.interval.high < model.value / 2 else Verdict.OPEN


def _judged(
    first: LabelClass, second: LabelClass, pair: Pair, splits: int, comparisons: int
) -> AmbiguousPair:
    people = proportion(splits, comparisons, NOT_COMPARED)
    return AmbiguousPair(
        first, second, pair, people, splits, comparisons, verdict(pair.share, people, comparisons)
    )


def _two_answers(kind: str, classes: Sequence[UUID], answers: Sequence[ComparedAnswer]) -> Units:
    """Each two answers to a document as two sides of the same units."""
    class_index = ClassIndex.of(classes)
    documents = np.array([(answer.document_id << 15) + answer.round for answer in answers], dtype=np.int64)
    first, second = answer_pairs(documents)
    if kind == Project.Kind.SPANS:
        spans: list[list[Entity]] = [
            list({(s or 0, e or 0, class_index.column(c)) for c, s, e in answer.labels if c in class_index})
            for answer in answers
        ]
        return positions_marked([spans[row] for row in first], [spans[row] for row in second], len(classes))
    chosen = class_index.matrix([answer.classes for answer in answers])
    return chosen[first], chosen[second]
