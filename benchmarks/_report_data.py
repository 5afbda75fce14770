"""Project for the report benchmark: a large one, made by the database itself within a minute.

In a database of its own (DATABASE_URL) it stays, and the next run of the same size finds it there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection, transaction

from analytics.learning_curves.measure import measure
from benchmarks._report_models import MODELS, store_models
from labeling.explanations.selection_reason import SelectionReason
from labeling.guidelines import new_projects, versions
from labeling.predictions.models import ModelVersion
from labeling.projects import members
from labeling.projects.models import Project
from labeling.queue import publishing

PEOPLE = 6
GUIDELINES = 3
HEAD = 5_000  # entries of the queue's order
WORD = "parcel late refund invoice please again order answer customer number "
DOCUMENTS = """
    INSERT INTO labeling_document (project_id, external_id, text, metadata, content_hash, split, state,
                                   position, random_key, round, extra_slots, near_duplicate_group)
    SELECT %(project)s, 'd' || n, left(repeat(%(word)s, 12), 20 + (h * 700)::int) || n,
           jsonb_build_object('language', (ARRAY['en','en','de','fr','nl'])[1 + n %% 5],
                              'source', (ARRAY['mail','chat','form'])[1 + (n / 7) %% 3]),
           decode(md5(n::text), 'hex'),
           CASE WHEN is_test THEN 'test' ELSE 'pool' END,
           CASE WHEN is_test OR h < %(labeled)s THEN 'resolved' ELSE 'open' END,
           n,
           CASE WHEN is_test THEN h / %(every)s ELSE 1.0 / %(every)s + h * (1 - 1.0 / %(every)s) END,
           0,
           CASE WHEN (is_test OR h < %(labeled)s) AND (h * 1e6)::int %% 5 = 0 THEN 1 ELSE 0 END,
           CASE WHEN n %% 1000 < 2 THEN n - n %% 1000 END
    FROM generate_series(0, %(count)s - 1) AS n,
         LATERAL (SELECT (n * 2654435761 %% 4294967296) / 4294967296.0, n %% %(every)s = 0) x(h, is_test)
"""
# Every answer: who, when (0 to 1), which class. The second opinion differs in one of eleven cases.
ANSWERS = """
    CREATE TEMPORARY TABLE answers ON COMMIT DROP AS
    SELECT document, slot, person, place, other, guideline, moment,
           row_number() OVER (ORDER BY moment, document, slot) AS row
    FROM (
        SELECT d.id AS document, slot,
               (%(people)s::int[])[1 + ((h * 1000)::int + slot) %% cardinality(%(people)s::int[])] AS person,
               CASE WHEN slot = 1 AND d.position %% 11 = 0 THEN (k + 1) %% %(classes)s ELSE k END AS place,
               CASE WHEN d.position %% 3 = 0 THEN (k + 7) %% %(classes)s END AS other,
               (%(guidelines)s::bigint[])[1 + floor(2.99 * h)::int] AS guideline,
               now() - (91 - 90 * h - slot / 24.0) * interval '1 day' AS moment
        FROM labeling_document d,
             LATERAL (SELECT (d.position * 40503 %% 65536) / 65536.0,
                             (d.position * 48271 %% 65537) / 65537.0) x(h, u),
             LATERAL (SELECT floor(%(classes)s * power(u, 1.6))::int) y(k),
             generate_series(0, CASE WHEN d.extra_slots > 0 THEN 1 ELSE 0 END) AS slot
        WHERE d.project_id = %(project)s AND d.state = 'resolved'
    ) a
"""
LEASES = """
    INSERT INTO labeling_lease (id, project_id, document_id, round, slot, annotator_id, state, epoch,
                                leased_at, leased_until, skip_reason, guideline_id, annotation_id, reason)
    SELECT %(lease)s + row, %(project)s, document, 0, slot, person, 'submitted', 1,
           moment, moment + interval '15 minutes', '', guideline, %(annotation)s + row,
           jsonb_build_object('share', (ARRAY['random','margin','weak_class','variety'])[1 + row %% 4])
    FROM answers
"""
ANNOTATIONS = """
    INSERT INTO labeling_annotation (id, project_id, document_id, round, annotator_id, source, lease_id,
                                     epoch, guideline_id, answer_hash, seconds, created_at)
    SELECT %(annotation)s + row, %(project)s, document, 0, person, 'person', %(lease)s + row, 1,
           guideline, decode(md5(place::text), 'hex'), 5 + row %% 40, moment
    FROM answers
"""
LABELS = """
    INSERT INTO labeling_label (annotation_id, label_class_id)
    SELECT %(annotation)s + row, (%(class_ids)s::uuid[])[1 + place] FROM answers
"""
MORE_LABELS = """
    INSERT INTO labeling_label (annotation_id, label_class_id)
    SELECT %(annotation)s + row, (%(class_ids)s::uuid[])[1 + other] FROM answers WHERE other <> place
"""
# Spans begin where their place and the next guess at a mark say: two in most documents, not overlapping.
SPANS = """
    INSERT INTO labeling_label (annotation_id, label_class_id, start, "end")
    SELECT %(annotation)s + row, (%(class_ids)s::uuid[])[1 + place], 2, 2 + 4 + place %% 5 FROM answers
    UNION ALL
    SELECT %(annotation)s + row, (%(class_ids)s::uuid[])[1 + other], 14, 14 + 4 FROM answers
    WHERE other IS NOT NULL
"""
RESOLUTIONS = """
    INSERT INTO labeling_resolution (document_id, project_id, annotation_id, how, resolved_at)
    SELECT document, %(project)s, %(annotation)s + row, 'agreed', moment
    FROM answers WHERE slot = 0
"""
SEQUENCES = """
    SELECT setval(pg_get_serial_sequence('labeling_lease', 'id'), %(lease)s + max(row)),
           setval(pg_get_serial_sequence('labeling_annotation', 'id'), %(annotation)s + max(row)) FROM answers
"""
HEAD_DOCUMENTS = """
    SELECT id FROM labeling_document
    WHERE project_id = %s AND split = 'pool' AND state = 'open' ORDER BY random_key LIMIT %s
"""


@dataclass(frozen=True)
class Size:
    """How large the project is."""

    documents: int
    labels: int  # labeled documents, those of the test set among them
    test: int  # documents of the test set, all of them labeled
    classes: int
    kind: str


def reports_project(size: Size) -> tuple[Project, User]:
    """The project and its manager; built where no earlier run has left it."""
    manager, _ = User.objects.get_or_create(username="reports-manager")
    name = f"{size.documents} documents of {size.kind}, {size.labels}, {size.test}, {size.classes}"
    left = Project.objects.filter(name=name, memberships__user=manager).first()
    return left or _built(size, manager, name), manager


def _built(size: Size, manager: User, name: str) -> Project:
    """With labels of several people under several guidelines, and three model versions."""
    project = new_projects.create(
        manager,
        name=name,
        kind=size.kind,
        class_names=[f"Class {n}" for n in range(size.classes)],
        test_share=size.test / size.documents,
    )
    people = [User.objects.get_or_create(username=f"reports-{n}")[0] for n in range(PEOPLE)]
    for person in people:
        members.add_member(project.pk, manager, person, "annotator")
    for number in range(1, GUIDELINES):
        versions.publish(project.pk, manager, body=f"Rule {number}", rules={}, change="rule", note="Clearer")
    class_ids = list(project.classes.order_by("position").values_list("pk", flat=True))
    _fill(project, size, [person.pk for person in people], class_ids)
    Project.objects.filter(pk=project.pk).update(
        document_count=size.documents, grouped_count=size.documents, feature_edition=1
    )
    project.refresh_from_db()
    store_models(project, class_ids, size.labels)
    _publish_head(project)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
    for version in ModelVersion.objects.filter(project=project).order_by("number"):
        measure(version)
    return project


@transaction.atomic
def _fill(project: Project, size: Size, people: list[int], class_ids: list[UUID]) -> None:
    every = size.documents // size.test
    with connection.cursor() as cursor:
        parameters: dict[str, Any] = {
            "project": project.pk,
            "word": WORD,
            "count": size.documents,
            "every": every,
            "labeled": (size.labels - size.test) / (size.documents - size.test),
            "people": people,
            "classes": size.classes,
            "class_ids": class_ids,
            "guidelines": list(project.guidelines.order_by("number").values_list("pk", flat=True)),
        }
        cursor.execute(DOCUMENTS, parameters)
        cursor.execute("ANALYZE labeling_document")
        for name in ("lease", "annotation"):
            cursor.execute(f"SELECT coalesce(max(id), 0) FROM labeling_{name}")
            parameters[name] = cursor.fetchone()[0]
        cursor.execute(ANSWERS, parameters)
        labels = {Project.Kind.SPANS: [SPANS], Project.Kind.MULTI: [LABELS, MORE_LABELS]}
        of_kind = labels.get(Project.Kind(size.kind), [LABELS])
        for statement in (LEASES, ANNOTATIONS, *of_kind, RESOLUTIONS, SEQUENCES):
            cursor.execute(statement, parameters)


def _publish_head(project: Project) -> None:
    with connection.cursor() as cursor:
        cursor.execute(HEAD_DOCUMENTS, [project.pk, HEAD])
        head = [(pk, SelectionReason("margin", model=MODELS)) for (pk,) in cursor.fetchall()]
    publishing.publish(project.pk, publishing.next_generation(), head)
