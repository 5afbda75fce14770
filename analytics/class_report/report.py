"""Class report: how good the model is per class, and how far numbers can be trusted. Ready to be shown."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import numpy as np

from analytics.class_report.cross_validated import CrossValidated, cross_validated
from analytics.class_report.queue_shares import QueueShares, queue_shares
from analytics.confusion.report import AmbiguousPair, ambiguous_pairs, counted, units_of
from analytics.data import queries
from analytics.data.ground_truth import GroundTruth, current_ground_truth, prevalences
from analytics.data.model_selection import ModelSelection, select_model
from analytics.data.scores import scores
from analytics.data.unlike_texts import UnlikeTexts, unlike_texts
from analytics.metrics.classification import ClassScores, Report
from analytics.metrics.imbalance import Imbalance, imbalance
from analytics.metrics.measures import MIN_HEADLINE_DOCUMENTS, Measure
from labeling.guidelines.models import LabelClass
from labeling.learning.classifiers.cross_validation import SMALL_TEST_SET
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project
from labeling.steering.models import ClassNeed, Focus


@dataclass(frozen=True)
class ClassReportRow:
    """One class in the report."""

    label_class: LabelClass
    train_labels: int  # on documents of the pool
    test_labels: int
    share: float  # of all labels, 0 to 1
    scores: ClassScores | None  # None while there is no model, or it does not know the class yet
    crossed: ClassScores | None  # the same by cross-validation
    unlike: ClassScores | None  # the same on texts unlike any labeled one, where these are counted apart
    prevalence: Measure | None  # share of the unlabeled documents that have it, estimated
    need: ClassNeed | None  # the share of the queue that it should get, and who sets it
    queue_part: float | None  # of the queue that it has now; None while nothing is ranked
    focus: Focus | None
    focus_labels: int  # that the focus has brought so far


@dataclass(frozen=True)
class ClassReport:
    """Everything that the page, the API and the CSV file show."""

    project: Project
    choice: ModelSelection
    rows: list[ClassReportRow]
    imbalance: Imbalance  # of the labels to learn from
    scores: Report | None  # averages with intervals; None without a model or a labeled test set
    unlike: UnlikeTexts | None  # of texts unlike any labeled one; None where the others are few
    crossed: CrossValidated | None
    pairs: list[tuple[LabelClass, LabelClass, int, int]]  # true, predicted, documents, of the true class
    ambiguous: list[AmbiguousPair]
    held_out: queries.HeldOut | None
    retired: tuple[tuple[str, int], ...]  # left out, as `HeldOut` tells
    labeled: GroundTruth
    queue: QueueShares  # of now
    labels: int  # of the active classes: documents with each class, or spans, of the pool and the test set
    test_documents: int  # that are labeled and predicted
    is_test_waiting: bool

    @property
    def version(self) -> ModelVersion | None:
        """The model that is measured."""
        return self.choice.version

    @property
    def is_judged(self) -> bool:
        """Whether there are enough test documents for a title to judge the model by."""
        return self.scores is not None and self.test_documents >= MIN_HEADLINE_DOCUMENTS

    @property
    def is_target_reached(self) -> bool:
        """Whether the whole interval of macro F1 is above the project's target."""
        interval = self.scores.macro.f1.interval if self.scores else None
        return self.is_judged and interval is not None and interval.low >= self.project.target_f1

    @property
    def is_crossed(self) -> bool:
        """Whether cross-validated numbers say more than those of the test set."""
        return self.crossed is not None and self.test_documents < SMALL_TEST_SET


def class_report(project: Project, requested: str | int | None = None) -> ClassReport:
    """Computed now, from a model's stored predictions and the labels of this moment.

    requested : the number of the model; the one in use by default. Raises NoSuchModel as `select_model` does.
    """
    choice = select_model(project, requested)
    classes = queries.active_classes(project)
    labeled = current_ground_truth(project)
    counts = labeled.labels_per_class()
    version = choice.version
    held_out = queries.held_out(project, version) if version else None
    retired = held_out.retired if held_out is not None else ()
    if held_out is not None and not len(held_out):
        held_out = None
    measured = scores(project.kind, held_out) if held_out and version else None
    labels = sum(_total(counts, label_class.pk) for label_class in classes)
    unlike = None
    if version and held_out and measured:
        unlike = unlike_texts(project, version, held_out, measured, labels)
    by_id = {label_class.pk: label_class for label_class in classes}
    crossed = cross_validated(version, by_id)
    queue = queue_shares(project)
    return ClassReport(
        project=project,
        choice=choice,
        rows=_rows(project, classes, counts, _Measured(crossed, held_out, measured, unlike, labeled), queue),
        imbalance=imbalance(np.array([counts.get((c.pk, "pool"), 0) for c in classes] or [0])),
        scores=measured,
        unlike=unlike,
        crossed=crossed,
        pairs=_pairs(project.kind, by_id, held_out) if held_out else [],
        ambiguous=ambiguous_pairs(project, by_id, held_out) if held_out else [],
        held_out=held_out,
        retired=retired,
        labeled=labeled,
        queue=queue,
        labels=labels,
        test_documents=len(held_out) if held_out else 0,
        is_test_waiting=queries.test_documents_waiting(project),
    )


@dataclass(frozen=True)
class _Measured:
    crossed: CrossValidated | None
    held_out: queries.HeldOut | None
    scores: Report | None
    unlike: UnlikeTexts | None
    labeled: GroundTruth

    def by_class(self, report: Report | None) -> dict[UUID, ClassScores]:
        """What a report on test documents says of each class."""
        if report is None or self.held_out is None:
            return {}
        return dict(zip(self.held_out.classes, report.classes, strict=True))


def _rows(
    project: Project,
    classes: list[LabelClass],
    counts: dict[tuple[UUID, str], int],
    measured: _Measured,
    queue: QueueShares,
) -> list[ClassReportRow]:
    by_class = measured.by_class(measured.scores)
    unlike = measured.by_class(measured.unlike.scores if measured.unlike else None)
    estimates = prevalences(project, measured.labeled) if len(measured.labeled) else {}
    needs = {need.label_class_id: need for need in ClassNeed.objects.filter(project=project)}
    focuses = queries.standing_focuses(project)
    total = sum(_total(counts, label_class.pk) for label_class in classes)
    rows = []
    for label_class in classes:
        pk = label_class.pk
        focus, brought = focuses.get(pk, (None, 0))
        rows.append(
            ClassReportRow(
                label_class,
                counts.get((pk, "pool"), 0),
                counts.get((pk, "test"), 0),
                _total(counts, pk) / total if total else 0.0,
                by_class.get(pk),
                measured.crossed.classes.get(pk) if measured.crossed else None,
                unlike.get(pk),
                estimates[pk].unlabeled if pk in estimates else None,
                needs.get(pk),
                queue.part_of(pk) if queue.entries else None,
                focus,
                brought,
            )
        )
    return rows


def _total(counts: dict[tuple[UUID, str], int], label_class: UUID) -> int:
    return counts.get((label_class, "pool"), 0) + counts.get((label_class, "test"), 0)


def _pairs(
    kind: str, by_id: dict[UUID, LabelClass], held_out: queries.HeldOut
) -> list[tuple[LabelClass, LabelClass, int, int]]:
    """Mistakes, the most frequent first: of documents, or of places where spans are marked."""
    counts = counted(units_of(kind, held_out))
    wrong = counts.matrix - np.diag(np.diagonal(counts.matrix))
    pairs = [
        (
            by_id[held_out.classes[true]],
            by_id[held_out.classes[predicted]],
            int(wrong[true, predicted]),
            int(counts.true[true]),
        )
        for true, predicted in zip(*(side.tolist() for side in np.nonzero(wrong)), strict=True)
        if held_out.classes[true] in by_id and held_out.classes[predicted] in by_id
    ]
    return sorted(pairs, key=lambda pair: -pair[2])
