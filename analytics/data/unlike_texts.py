"""Generalization: how good is the model on texts unlike any labeled one, with no near-duplicate in training?

Near-duplicates of test documents train, as they do in use: the number on all test documents is what the same
stream will see. Texts of a new kind will see the number on those that nothing labeled is like.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from django.utils.functional import cached_property

from analytics.data.content_cache import cached_by_content
from analytics.data.near_duplicate_queries import alike_to_training
from analytics.data.queries import HeldOut
from analytics.data.scores import scores
from analytics.metrics.bias import difference_of_proportions
from analytics.metrics.classification import Report
from analytics.metrics.measures import Measure, gettext_noop
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project

MIN_SIMILAR_SHARE = 0.05  # of the test documents: fewer hardly move the number on all
NONE_UNLIKE = gettext_noop("Every test document has a near-duplicate in the training set.")


@dataclass(frozen=True)
class UnlikeTexts:
    """The measures on test documents that have no near-duplicate among the training documents.

    alike : test documents that have one; right_alike : of them that are right in full
    scores : of the others
    """

    alike: int
    right_alike: int
    scores: Report

    @property
    def documents(self) -> int:
        """Test documents that nothing labeled is like."""
        return self.scores.n_documents

    @property
    def right(self) -> int:
        """Of them that are right in full."""
        return right_in_full(self.scores)

    @cached_property
    def difference(self) -> Measure:
        """The share of them that is right in full minus that of the others, with its interval."""
        return difference_of_proportions(
            self.right_alike, self.alike, self.right, self.documents, NONE_UNLIKE
        )


def unlike_texts(
    project: Project, version: ModelVersion, held_out: HeldOut, whole: Report, labels: int
) -> UnlikeTexts | None:
    """None where fewer than `MIN_SIMILAR_SHARE` of the test documents have a near-duplicate that trained.

    whole : the measures on all test documents; labels : of the project, which change when anything is labeled
    """
    documents = held_out.document_ids
    counts = cached_by_content(
        lambda: np.array(alike_to_training(version, documents.tolist()), dtype=np.int64),
        f"alike to training {version.pk} {version.trained_through}",
        f"{project.document_count} {project.removed_count} {project.grouped_count}",
        labels,
        documents,
    )
    if len(counts) < MIN_SIMILAR_SHARE * len(documents) or not len(counts):
        return None
    rows = np.flatnonzero(~np.isin(documents, counts))
    apart = scores(project.kind, held_out.take(rows))
    return UnlikeTexts(len(counts), right_in_full(whole) - right_in_full(apart), apart)


def right_in_full(report: Report) -> int:
    """Documents that are right in full."""
    return round((report.accuracy.value or 0.0) * report.n_documents)
