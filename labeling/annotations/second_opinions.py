"""Second opinions: somebody who has not seen the document confirms an answer, which counts meanwhile.

Which answers are in doubt is the matter of `labeling.ranking.label_errors`: this stays light, for pages.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from labeling.annotations.models import Resolution
from labeling.annotations.resolution import settle
from labeling.documents.models import Document
from labeling.explanations.selection_reason import SelectionReason
from labeling.learning.query_strategies.mix import Share
from labeling.projects.models import Project
from labeling.queue.models import Entry, Lease, answer_count
from labeling.queue.predicates import counted, final, latest_answers

MAX_LABELS = 3  # of a document: whom three people have seen, an adjudicator helps more than a fourth
LOOKED_AT = 2_000  # of the latest answers: a second's work for the model that has not seen them

# People who label here: members with an answer that counts. Somebody who manages only is not waited for.
LABELERS_OF = """
    SELECT m.user_id FROM labeling_membership m
    WHERE m.project_id = %(project)s AND m.removed_at IS NULL
      AND EXISTS (SELECT 1 FROM labeling_lease l WHERE l.project_id = m.project_id
                  AND l.annotator_id = m.user_id AND l.state = 'submitted')
"""
COULD_ANSWER = f"""
    NOT EXISTS (SELECT 1 FROM labeling_lease mine
                WHERE mine.document_id = d.id AND mine.round = d.round AND mine.annotator_id = who.user_id
                  AND {final("mine")})
"""
LABELERS = f"SELECT count(*) FROM ({LABELERS_OF}) who"

# Documents that annotators settled, or that wait for a second opinion already, with what was said first.
CONFIRMABLE = f"""
    WITH latest AS (
        SELECT l.document_id, max(l.annotation_id) AS newest FROM labeling_lease l
        WHERE l.project_id = %(project)s AND l.state = 'submitted'
        GROUP BY l.document_id ORDER BY newest DESC LIMIT {LOOKED_AT}
    ), first_answers AS (
        SELECT d.id, d.position, d.split, d.state, min(l.annotation_id) AS first,
               array_agg(l.annotator_id) AS annotators
        FROM latest
        JOIN labeling_document d ON d.id = latest.document_id
        LEFT JOIN labeling_resolution r ON r.document_id = d.id
        JOIN labeling_lease l ON {counted("l", "d")}
        WHERE (d.state = 'resolved' AND r.how IN ('agreed', 'majority'))
           OR (d.state = 'open' AND d.extra_slots > 0)
        GROUP BY d.id HAVING count(*) < {MAX_LABELS}
           AND EXISTS (SELECT 1 FROM ({LABELERS_OF}) who WHERE {COULD_ANSWER})
    )
    SELECT f.id, f.position, f.split, f.state = 'open', f.annotators,
           ARRAY(SELECT b.label_class_id FROM labeling_label b WHERE b.annotation_id = f.first)
    FROM first_answers f ORDER BY f.position
"""

# Of each annotator's latest answers that others gave too, or an adjudicator decided: how many proved right.
PROVED = f"""
    SELECT l.annotator_id, count(*) FILTER (WHERE a.answer_hash = settled.answer_hash), count(*)
    FROM {latest_answers(LOOKED_AT)} l
    JOIN labeling_annotation a ON a.id = l.annotation_id
    JOIN labeling_resolution r ON r.document_id = l.document_id
    JOIN labeling_annotation settled ON settled.id = r.annotation_id
    WHERE r.how <> 'agreed' OR EXISTS (
        SELECT 1 FROM labeling_lease o WHERE o.document_id = l.document_id AND o.round = l.round
        AND o.state = 'submitted' AND o.id <> l.id)
    GROUP BY l.annotator_id
"""

# Second opinions that no member is left to give.
UNANSWERABLE = f"""
    SELECT d.id FROM labeling_document d
    WHERE d.project_id = %(project)s AND d.state = 'open' AND d.extra_slots > 0
      AND EXISTS (SELECT 1 FROM labeling_lease l WHERE {counted("l", "d")})
      AND NOT EXISTS (
          SELECT 1 FROM labeling_membership who
          WHERE who.project_id = d.project_id AND who.removed_at IS NULL AND {COULD_ANSWER})
    ORDER BY d.id
"""

ANSWERABLE = f"""
    SELECT d.id FROM labeling_document d
    WHERE d.project_id = %(project)s AND d.id = ANY(%(documents)s)
      AND EXISTS (SELECT 1 FROM labeling_membership who
                  WHERE who.project_id = d.project_id AND who.removed_at IS NULL AND {COULD_ANSWER})
    ORDER BY d.id
"""


@dataclass(frozen=True)
class Confirmable:
    """A document whose answer one more person could confirm."""

    document_id: int
    position: int
    split: str
    is_waiting: bool  # it waits for a second opinion already
    annotators: tuple[int, ...]
    classes: frozenset[UUID]


def labeler_count(project_id: int) -> int:
    """How many members have an answer here that counts."""
    return int(_rows(LABELERS, project_id)[0][0])


def confirmable(project_id: int) -> list[Confirmable]:
    """Documents with fewer than three answers, all alike, that somebody who labels here has not seen."""
    return [
        Confirmable(pk, position, split, is_waiting, tuple(annotators), frozenset(classes))
        for pk, position, split, is_waiting, annotators, classes in _rows(CONFIRMABLE, project_id)
    ]


def proved_right(project_id: int) -> dict[int, tuple[int, int]]:
    """By annotator: answers that proved right, and answers that could be compared."""
    return {annotator: (right, compared) for annotator, right, compared in _rows(PROVED, project_id)}


def unanswerable(project_id: int) -> list[int]:
    """Documents that wait for a second opinion which no member is left to give."""
    return [pk for (pk,) in _rows(UNANSWERABLE, project_id)]


def answerable(project_id: int, document_ids: Sequence[int]) -> list[int]:
    """Those of these documents that a member has neither answered nor skipped in this round."""
    return [pk for (pk,) in _rows(ANSWERABLE, project_id, documents=list(document_ids))]


def _rows(statement: str, project_id: int, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"project": project_id, **parameters})
        return list(cursor.fetchall())


COUNTED = answer_count()


@transaction.atomic
def ask(project_id: int, document_ids: Sequence[int]) -> list[int]:
    """Open settled documents for one more distinct annotator each. Returns those that now wait.

    Documents that are not settled by annotators, or by three of them, are left alone: safe to repeat. Until
    the further answer is there, the one that is there goes on training and counting.
    """
    project = Project.objects.select_for_update(no_key=True).get(pk=project_id)  # its overlap holds still
    locked = Document.objects.select_for_update(no_key=True, of=("self",)).filter(
        project=project,
        pk__in=document_ids,
        state=Document.State.RESOLVED,
        resolution__how__in=(Resolution.How.AGREED, Resolution.How.MAJORITY),
    )
    ids = [document.pk for document in locked.order_by("pk")]
    counted = dict(Document.objects.filter(pk__in=ids).annotate(n=COUNTED).values_list("pk", "n"))
    reopened = [pk for pk in ids if 0 < counted[pk] < MAX_LABELS]
    Resolution.objects.filter(document__in=reopened).delete()
    for answers in {counted[pk] for pk in reopened}:
        Document.objects.filter(pk__in=[pk for pk in reopened if counted[pk] == answers]).update(
            state=Document.State.OPEN, extra_slots=max(0, answers + 1 - project.overlap)
        )
    return reopened


@transaction.atomic
def give_up(project: Project) -> int:
    """Settle documents by the answers they have, where no member is left for another. Returns how many."""
    ids = unanswerable(project.pk)
    if not ids:
        return 0
    overlap = Project.objects.select_for_update(no_key=True).get(pk=project.pk).overlap
    locked = Document.objects.select_for_update(no_key=True).filter(pk__in=ids, state=Document.State.OPEN)
    settled = 0
    for document in locked.order_by("pk"):
        counted = Document.objects.annotate(n=COUNTED).values_list("n", flat=True).get(pk=document.pk)
        if not overlap <= counted < overlap + document.extra_slots:
            continue
        document.extra_slots = counted - overlap
        Document.objects.filter(pk=document.pk).update(extra_slots=document.extra_slots)
        settle(document, counted)
        settled += 1
    return settled


@transaction.atomic
def take_back(project_id: int, document_ids: Collection[int]) -> int:
    """Give up second opinions on these documents that nobody gave or is about to give. Returns how many.

    The documents are settled by the answers they have; one that lost its answer meanwhile waits like others.
    """
    overlap = Project.objects.select_for_update(no_key=True).get(pk=project_id).overlap
    locked = Document.objects.select_for_update(no_key=True).filter(
        project=project_id, pk__in=document_ids, state=Document.State.OPEN, extra_slots__gt=0
    )
    taken = 0
    for document in locked.order_by("pk"):
        if Lease.objects.live().filter(document=document, round=document.round).exists():
            continue
        counted = Document.objects.annotate(n=COUNTED).values_list("n", flat=True).get(pk=document.pk)
        document.extra_slots = max(0, counted - overlap)
        Document.objects.filter(pk=document.pk).update(extra_slots=document.extra_slots)
        settle(document, overlap + document.extra_slots)
        taken += 1
    return taken


def waiting_entries(
    project: Project, chances: Mapping[int, float], limit: int, besides: Collection[int] = ()
) -> list[Entry]:
    """(document, reason) of those that wait for a second opinion, the most doubtful first.

    besides : documents that come for another reason
    """
    waiting = (
        Document.objects.filter(project=project, state=Document.State.OPEN, extra_slots__gt=0)
        .annotate(n=COUNTED)
        .filter(n__gt=0)
        .exclude(pk__in=besides)
        .order_by("pk")
    )
    rows = sorted(waiting.values_list("pk", "n")[:limit], key=lambda row: chances.get(row[0], 1.0))
    return [(pk, _reason(answers, chances.get(pk))) for pk, answers in rows]


def _reason(answers: int, probability: float | None) -> SelectionReason:
    posterior = None if probability is None else round(probability, 4)
    return SelectionReason(Share.SECOND_OPINION, answers=answers, posterior=posterior)
