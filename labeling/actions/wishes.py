"""What do managers and the classes' own weakness ask of the next head?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection

from labeling.learning.mix import Wishes
from labeling.learning.quality import prequential_f1, weak_class_weights
from labeling.models import Document, Focus, Now, Project
from labeling.models.labelled import label_counts

FOCUS_SHARE = 0.3  # of the head, for each class that a manager asked for

# The latest documents that a model had an opinion on when they were served, with what the annotator said.
PREQUENTIAL = """
    SELECT l.reason #>> '{top,0,0}', min(given.label_class_id::text)
    FROM (SELECT * FROM labeling_lease WHERE project_id = %(project)s AND state = 'submitted'
          ORDER BY annotation_id DESC LIMIT 1000) l
    JOIN labeling_label given ON given.annotation_id = l.annotation_id
    WHERE l.reason ? 'top'
    GROUP BY l.id, l.reason, l.annotation_id HAVING count(*) = 1 ORDER BY l.annotation_id
"""


def wishes_for(project: Project, classes: Sequence[UUID]) -> Wishes:
    """Weights of the weak-class share, and the shares that a focus gets. `classes` gives their numbers."""
    place = {label_class: number for number, label_class in enumerate(classes)}
    counts = np.zeros(len(classes), dtype=np.int64)
    for (label_class, split), count in label_counts(project.pk).items():
        if label_class in place and split == Document.Split.POOL:
            counts[place[label_class]] = count
    pairs = [
        (place[UUID(predicted)], place[UUID(given)])
        for predicted, given in _rows(PREQUENTIAL, project)
        if UUID(predicted) in place and UUID(given) in place
    ]
    predicted, given = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    f1 = prequential_f1(predicted, given, len(classes))
    return Wishes(weakness=weak_class_weights(f1, counts), focus=_focus(project, place))


def _focus(project: Project, place: dict[UUID, int]) -> dict[int, float]:
    """Standing wishes; those that are met end here."""
    shares: dict[int, float] = {}
    for focus in Focus.objects.standing().filter(project=project):
        if focus.labels_so_far >= focus.wanted_labels:
            Focus.objects.filter(pk=focus.pk).update(ended_at=Now())
        elif focus.label_class_id in place:
            shares[place[focus.label_class_id]] = FOCUS_SHARE
    return shares


def _rows(statement: str, project: Project) -> list[tuple[Any, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"project": project.pk})
        return list(cursor.fetchall())
