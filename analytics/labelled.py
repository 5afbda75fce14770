"""Which documents are labelled now, with what, and which of them were drawn at random?"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from analytics.ledger import DRAWN, TEST, Ledger, ledger, speaking
from analytics.metrics.measures import Measure
from analytics.metrics.prevalence import positives_drawn_in_turn, prevalence, unlabelled_prevalence
from labeling.models import Document, Project


@dataclass(frozen=True)
class Labelled:
    """The labelled documents of now: those of the test set, then those of the pool as they were labelled.

    rows : (n,) of each document's annotation in the ledger
    is_test, is_drawn : (n,) of the test set; drawn at random, from the test set or the pool
    documents, places : (n_pairs,) every class that a document has, once: the document's place in `rows`,
        rising, and the class's place in `ledger.classes`
    spans : (n_pairs,) how often the document has the class; 1 but for spans
    """

    ledger: Ledger
    rows: NDArray[np.int64]
    is_test: NDArray[np.bool_]
    is_drawn: NDArray[np.bool_]
    documents: NDArray[np.int64]
    places: NDArray[np.int64]
    spans: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    def per_class(self, weights: NDArray[np.generic] | None = None) -> NDArray[np.int64]:
        """Documents (or the sum of `weights` of the pairs) of each class of the ledger."""
        counted = np.bincount(self.places, weights, minlength=len(self.ledger.classes))
        return counted.astype(np.int64)


def labelled_now(project: Project) -> Labelled:
    """Read in at most four statements."""
    known = ledger(project)
    rows = speaking(project, known)
    flags = known.flags[rows]
    order = np.argsort((flags & TEST) == 0, kind="stable")  # rows rise, and so do the times of their labels
    rows, flags = rows[order], flags[order]
    place_of = np.full(len(known.annotations), -1)
    place_of[rows] = np.arange(len(rows))
    of_label = place_of[known.rows]
    n_classes = max(len(known.classes), 1)
    pairs, spans = np.unique(
        (of_label * n_classes + known.places.astype(np.int64))[of_label >= 0], return_counts=True
    )  # of spans, a document may have a class more than once
    return Labelled(
        known,
        rows,
        (flags & TEST) > 0,
        (flags & (TEST | DRAWN)) > 0,
        pairs // n_classes,
        pairs % n_classes,
        spans,
    )


@dataclass(frozen=True)
class Prevalence:
    """The share of the documents that have a class.

    whole : of all documents, estimated from those drawn at random
    unlabelled : of those that nobody has labelled yet
    """

    whole: Measure
    unlabelled: Measure


def prevalences(project: Project, found: Labelled) -> dict[UUID, Prevalence]:
    """Of each class that is known. Excluded documents do not count."""
    excluded = Document.objects.filter(project=project, state=Document.State.EXCLUDED).count()
    population = max(project.document_count - excluded, len(found))
    n_classes = len(found.ledger.classes)
    positives = positives_drawn_in_turn(
        found.documents, found.places, found.is_drawn, n_classes=n_classes, population=max(population, 1)
    )
    n_drawn = int(found.is_drawn.sum())
    estimates = {}
    for place, (label_class, labelled) in enumerate(
        zip(found.ledger.classes, found.per_class().tolist(), strict=True)
    ):
        whole = prevalence(float(positives[place]), n_drawn, population)
        estimates[label_class] = Prevalence(
            whole, unlabelled_prevalence(whole, population, len(found), labelled)
        )
    return estimates
