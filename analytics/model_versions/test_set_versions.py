"""Test set versions: which test sets models were measured on, and what a model says of an older one."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from analytics.data.queries import HeldOut, held_out
from analytics.models import TestSetVersion
from labeling.annotations.test_labels import LabelTable, labels_of
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project

MAX_LISTED = 10

# How many annotations of each test set still speak for their documents.
_STANDING = """
    SELECT t.id, cardinality(t.annotations),
           (SELECT count(*) FROM unnest(t.annotations) one JOIN unnest(%(now)s::bigint[]) now ON now = one)
    FROM analytics_testsetversion t WHERE t.project_id = %(project)s
    ORDER BY t.number DESC LIMIT %(most)s
"""


@dataclass(frozen=True)
class TestSet:
    """The labeled test set of a moment, beside that of now."""

    __test__ = False  # pytest would take it for a test

    version: TestSetVersion  # without its annotations
    documents: int
    changed: int  # answers of it that another answer, or none, has replaced since
    added: int  # documents that are labeled now and were not then, or by another answer


def test_sets(project: Project, labeled: LabelTable) -> list[TestSet]:
    """The newest ones, newest first. `labeled` is the test set of now."""
    now = labeled.annotation_ids.tolist()
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, {"project": project.pk, "now": now, "most": MAX_LISTED})
        counted = cursor.fetchall()
    kept = TestSetVersion.objects.defer("annotations").in_bulk([pk for pk, _, _ in counted])
    return [TestSet(kept[pk], size, size - standing, len(now) - standing) for pk, size, standing in counted]


test_sets.__test__ = False  # type: ignore[attr-defined]


def held_out_then(project: Project, version: ModelVersion, test_set: TestSetVersion) -> HeldOut:
    """What a model says of an older test set, by the labels of that moment."""
    return held_out(project, version, labels_of(project.pk, test_set.annotations))
