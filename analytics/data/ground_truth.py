"""Labeled documents: which ones are labeled now, with what, and which of them were drawn at random."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from analytics.data.annotation_log import TEST, AnnotationLog, annotation_log, speaking
from analytics.metrics.discoveries import FALSE_DISCOVERIES, adjusted_p_values
from analytics.metrics.imbalance import NO_LABELS
from analytics.metrics.measures import Interval, Measure, gettext_noop, ratio, undefined
from analytics.metrics.prevalence import (
    p_value_of_share,
    positives_sampled_in_turn,
    prevalence,
    unlabeled_prevalence,
)
from labeling.documents.models import Document
from labeling.projects.models import Project

NEVER_SAMPLED = gettext_noop("No randomly drawn document has this class.")


@dataclass(frozen=True)
class GroundTruth:
    """The labeled documents of now: those of the test set, then those of the pool as they were labeled.

    rows : (n,) of each document's annotation in the ledger
    is_test, is_sampled : (n,) of the test set; drawn at random, from the test set or the pool
    documents, class_indices : (n_pairs,) every class that a document has, once: the document's index in
        `rows`, rising, and the class's in `ledger.classes`
    spans : (n_pairs,) how often the document has the class; 1 but for spans
    waiting : documents that are not settled: their first answer speaks until the second opinion is there
    """

    ledger: AnnotationLog
    rows: NDArray[np.int64]
    is_test: NDArray[np.bool_]
    is_sampled: NDArray[np.bool_]
    documents: NDArray[np.int64]
    class_indices: NDArray[np.int64]
    spans: NDArray[np.int64]
    waiting: int

    def __len__(self) -> int:
        return len(self.rows)

    def per_class(self, weights: NDArray[np.generic] | None = None) -> NDArray[np.int64]:
        """Documents (or the sum of `weights` of the pairs) of each class of the ledger."""
        counted = np.bincount(self.class_indices, weights, minlength=len(self.ledger.classes))
        return counted.astype(np.int64)

    def labels_per_class(self) -> dict[tuple[UUID, str], int]:
        """Labels by class and split, as `labeling.annotations.ground_truth.label_counts` counts them."""
        of_test = self.is_test[self.documents]
        return {
            (label_class, split): count
            for split, flags in ((Document.Split.TEST, of_test), (Document.Split.POOL, ~of_test))
            for label_class, count in zip(
                self.ledger.classes, self.per_class(self.spans * flags).tolist(), strict=True
            )
        }


def current_ground_truth(project: Project) -> GroundTruth:
    """Read in at most four statements."""
    log = annotation_log(project)
    rows, waiting = speaking(project, log)
    flags = log.flags[rows]
    order = np.argsort((flags & TEST) == 0, kind="stable")  # rows rise, and so do the times of their labels
    rows, flags = rows[order], flags[order]
    place_of = np.full(len(log.annotations), -1)
    place_of[rows] = np.arange(len(rows))
    of_label = place_of[log.rows]
    n_classes = max(len(log.classes), 1)
    pairs, spans = np.unique(
        (of_label * n_classes + log.class_indices.astype(np.int64))[of_label >= 0], return_counts=True
    )  # of spans, a document may have a class more than once
    return GroundTruth(
        log,
        rows,
        (flags & TEST) > 0,
        (flags & TEST > 0) | log.was_sampled(rows),
        pairs // n_classes,
        pairs % n_classes,
        spans,
        waiting,
    )


@dataclass(frozen=True)
class Prevalence:
    """The share of the documents that have a class.

    whole : of all documents, estimated from those drawn at random
    unlabeled : of those that nobody has labeled yet
    labeled : of the labeled documents of the pool: what was chosen, no estimate
    ratio : labeled / whole; 2 where the class is twice as frequent among the labels as it is out there
    p_value : how often random draws alone would differ as much from `labeled`; put right for all classes
    """

    whole: Measure
    unlabeled: Measure
    labeled: Measure
    ratio: Measure
    p_value: float

    @property
    def standing(self) -> str:
        """Significantly "over" or "under" represented in the labels, or ""."""
        if self.p_value > FALSE_DISCOVERIES or self.ratio.value is None:
            return ""
        return "over" if self.ratio.value > 1 else "under"


def prevalences(project: Project, labeled: GroundTruth) -> dict[UUID, Prevalence]:
    """Of each class that is known. Excluded documents do not count. One statement."""
    excluded = Document.objects.filter(project=project, state=Document.State.EXCLUDED).count()
    population = max(project.present_count - excluded, len(labeled), 1)
    n_sampled = int(labeled.is_sampled.sum())
    n_pool = len(labeled) - int(labeled.is_test.sum())
    positives = positives_sampled_in_turn(
        labeled.documents,
        labeled.class_indices,
        labeled.is_sampled,
        n_classes=len(labeled.ledger.classes),
        population=population,
    ).tolist()
    of_pool = labeled.per_class(~labeled.is_test[labeled.documents]).tolist()
    wholes = [prevalence(count, n_sampled, population) for count in positives]
    p_values = adjusted_p_values(
        np.array(
            [
                p_value_of_share(count / n_pool, positives_sampled, n_sampled, population) if n_pool else 1.0
                for count, positives_sampled in zip(of_pool, positives, strict=True)
            ]
        )
    ).tolist()
    per_class = labeled.per_class().tolist()
    return {
        label_class: Prevalence(
            wholes[index],
            unlabeled_prevalence(wholes[index], population, len(labeled), per_class[index]),
            ratio(of_pool[index], n_pool, NO_LABELS),
            _ratio(of_pool[index] / max(n_pool, 1), wholes[index]),
            p_values[index],
        )
        for index, label_class in enumerate(labeled.ledger.classes)
    }


def _ratio(labeled: float, whole: Measure) -> Measure:
    if not whole.value or whole.interval is None:
        return undefined(whole.reason or NEVER_SAMPLED)
    low = labeled / whole.interval.high
    high = labeled / whole.interval.low if whole.interval.low else float("inf")
    return Measure(labeled / whole.value, interval=Interval(low, high))
