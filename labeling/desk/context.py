"""Desk context: what the label page shows around the document. In one statement, at any size of project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Field
from django.db.models.expressions import RawSQL

from labeling.documents.predicates import takes_answers
from labeling.projects.models import Membership
from labeling.queue.predicates import REPLIED, live


@dataclass(frozen=True)
class RuleCard:
    """What one version of the guideline says of a class."""

    definition: str
    examples: list[str]
    counter_examples: list[str]

    @property
    def has_rule(self) -> bool:
        return bool(self.definition or self.examples or self.counter_examples)


@dataclass(frozen=True)
class ClassCard(RuleCard):
    """A class that may be chosen, with what the newest guideline says of it."""

    id: str  # of the class, as text
    name: str
    key: str
    color: str
    before: RuleCard | None = None  # what the version said that this person read last, where it is different


def card_of(*values: Any) -> ClassCard:
    """From a row of the desk's statement."""
    class_id, name, key, color, *rule, before = values
    return ClassCard(*_rule(*rule), class_id, name, key, color, RuleCard(*_rule(*before)) if before else None)


def _rule(
    definition: str | None, examples: str | None, counter_examples: str | None
) -> tuple[str, list[str], list[str]]:
    return definition or "", _lines(examples), _lines(counter_examples)


def _lines(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").splitlines() if line.strip()]


MAX_COUNTED_DOCUMENTS = 10_000  # resolved documents; above it the page says "more than"
LATELY = 20  # decisions that the page lists
EXCERPT = 80  # characters of a decided document

# Of the membership in the statement around it: the rules, how far it is, and what was decided lately.
_FACTS = f"""
    (WITH newest AS (
        SELECT id, number, note, created_at, body <> '' AS has_body FROM labeling_guideline
        WHERE project_id = labeling_membership.project_id ORDER BY number DESC LIMIT 1
    ), read AS (
        SELECT id FROM labeling_guideline
        WHERE project_id = labeling_membership.project_id AND number = labeling_membership.read_guideline
    ), mine AS (
        SELECT id, document_id, seconds, created_at FROM labeling_annotation
        WHERE annotator_id = labeling_membership.user_id AND project_id = labeling_membership.project_id
          AND source IN ('person', 'machine')
        ORDER BY id DESC LIMIT 2000
    ), today AS (
        SELECT seconds FROM mine
        WHERE created_at >= date_trunc('day', labeling_now())
          AND EXISTS (SELECT 1 FROM labeling_lease l WHERE l.annotation_id = mine.id)
    ), lately AS (
        SELECT id, document_id FROM mine
        WHERE EXISTS (SELECT 1 FROM labeling_lease l WHERE l.annotation_id = mine.id)
        ORDER BY id DESC LIMIT {LATELY}
    )
    SELECT json_build_object(
        'guideline', (SELECT json_build_array(number, note, created_at, has_body) FROM newest),
        'today', (SELECT count(*) FROM today),
        'median_seconds', (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) FROM today),
        'documents', (SELECT document_count - removed_count FROM labeling_project
                      WHERE id = labeling_membership.project_id),
        'resolved', (SELECT count(*) FROM (SELECT 1 FROM labeling_resolution
                                           WHERE project_id = labeling_membership.project_id
                                           LIMIT {MAX_COUNTED_DOCUMENTS + 1}) resolved),
        'excluded', (SELECT count(*) FROM labeling_document
                     WHERE project_id = labeling_membership.project_id AND state = 'excluded'),
        'lately', (SELECT coalesce(json_agg(json_build_array(lately.id, left(d.text, {EXCERPT}), ARRAY(
                       SELECT json_build_array(c.name, c.key, c.colour) FROM labeling_label v
                       JOIN labeling_labelclass c ON c.id = v.label_class_id
                       WHERE v.annotation_id = lately.id ORDER BY v.start, c.position)
                   ) ORDER BY lately.id), '[]')
                   FROM lately JOIN labeling_document d ON d.id = lately.document_id),
        'read', labeling_membership.read_guideline,
        'classes', (SELECT coalesce(json_agg(json_build_array(
                        c.id, c.name, c.key, c.colour, r.definition, r.examples, r.counter_examples,
                        CASE WHEN (SELECT id FROM read) IS NOT NULL
                                  AND (coalesce(r.definition, ''), coalesce(r.examples, ''),
                                       coalesce(r.counter_examples, ''))
                                   <> (coalesce(o.definition, ''), coalesce(o.examples, ''),
                                       coalesce(o.counter_examples, ''))
                             THEN json_build_array(o.definition, o.examples, o.counter_examples) END)
                        ORDER BY c.position, c.name), '[]')
                    FROM labeling_labelclass c
                    LEFT JOIN labeling_classrule r ON r.label_class_id = c.id
                         AND r.guideline_id = (SELECT id FROM newest)
                    LEFT JOIN labeling_classrule o ON o.label_class_id = c.id
                         AND o.guideline_id = (SELECT id FROM read)
                    WHERE c.project_id = labeling_membership.project_id AND c.retired_at IS NULL)))
"""

_REPLIED = REPLIED.format(project="labeling_membership.project_id", annotator="labeling_membership.user_id")
# Of the same membership: what is in hand besides what the page has, that which was shown before first.
_IN_HAND = f"""
    (SELECT json_build_object(
        'live', (SELECT count(*) FROM labeling_lease
                 WHERE project_id = labeling_membership.project_id
                   AND annotator_id = labeling_membership.user_id AND {live("labeling_lease")}),
        'guideline', (SELECT id FROM labeling_guideline WHERE project_id = labeling_membership.project_id
                      ORDER BY number DESC LIMIT 1),
        'replied', {_REPLIED},
        'held', (SELECT coalesce(json_agg(held.facts), '[]') FROM (
            SELECT json_build_array(l.id, l.epoch, l.leased_until, l.reason, d.id, d.external_id, d.text,
                                    d.metadata, d.split, d.position) AS facts
            FROM labeling_lease l JOIN labeling_document d ON d.id = l.document_id
            WHERE l.project_id = labeling_membership.project_id
              AND l.annotator_id = labeling_membership.user_id AND {live("l")}
              AND {takes_answers("d")} AND l.id <> ALL(%s::bigint[])
            ORDER BY l.id = %s DESC, l.shown_at, l.leased_at, l.id LIMIT %s) held)))
"""


@dataclass(frozen=True)
class RecentAnnotation:
    """One of the annotator's latest answers that count."""

    annotation_id: int
    excerpt: str  # the document's first words
    classes: list[tuple[str, str, str]]  # name, key and color of each label, in the order of the text

    @property
    def names(self) -> list[str]:
        """Of its classes, each once."""
        return list(dict.fromkeys(name for name, _key, _color in self.classes))

    @property
    def color(self) -> str:
        return self.classes[0][2] if self.classes else ""

    @property
    def sign(self) -> str:
        """The answer in at most three characters: a key, or the beginning of a name.

        >>> RecentAnnotation(1, "", [("Refund", "1", "red")]).sign, RecentAnnotation(1, "", []).sign
        ('1', '0')
        >>> RecentAnnotation(1, "", [("A", "a", ""), ("Billing", "", ""), ("C", "c", "")]).sign
        'aBic'
        """
        names = {name: (key or name[:2]) for name, key, _color in self.classes}
        return "".join(names.values())[:4] or "0"


@dataclass(frozen=True)
class DeskContext:
    """What stands around the document: the rules, and how far it is."""

    guideline_number: int | None
    guideline_note: str | None
    guideline_date: datetime | None
    has_guideline_text: bool
    read_guideline: int  # the newest version that this person has read; 0 for none
    today: int  # the annotator's answers of today that count
    median_seconds: float | None  # of focused work on one document, today
    documents: int  # of the project
    resolved: int  # of them, at most one more than MAX_COUNTED_DOCUMENTS
    excluded: int  # of them
    classes: list[ClassCard]
    lately: list[RecentAnnotation]  # the annotator's, the oldest first

    @property
    def has_rules(self) -> bool:
        return any(card.has_rule for card in self.classes)

    @property
    def has_guideline(self) -> bool:
        """Whether there is anything to read."""
        return self.has_rules or self.has_guideline_text

    @property
    def has_unread_changes(self) -> bool:
        """Whether the guideline has changed since this person read it; not for those who never did."""
        return 0 < self.read_guideline < (self.guideline_number or 0)

    @property
    def is_resolved_capped(self) -> bool:
        return self.resolved > MAX_COUNTED_DOCUMENTS

    @property
    def left(self) -> int:
        """Documents that still want answers, where `resolved` is exact."""
        return max(0, self.documents - self.resolved - self.excluded)


@dataclass(frozen=True)
class AtDesk:
    """A member who sits down to label: the rules around, and what is in hand."""

    member: Membership
    facts: DeskContext
    live: int  # leases in hand
    guideline_id: int | None  # the newest
    replied: list[int]  # documents that come back with the reply to a question
    held: list[tuple[Any, ...]]  # rows as a claim returns them


def desk_context(project_id: int, annotator_id: int) -> DeskContext:
    """The page's surroundings for one annotator, who is a member."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_FACTS} FROM labeling_membership WHERE project_id = %s AND user_id = %s",
            [project_id, annotator_id],
        )
        (facts,) = cursor.fetchone()
    return _facts(facts)


def sit_down(
    project_id: int, annotator_id: int, *, have: Sequence[int], requested: int, limit: int
) -> AtDesk | None:
    """The locked membership with all of it; None for strangers. At most `limit` leases, without those in
    `have` and the `requested` one first."""
    memberships = Membership.objects.select_related("project").select_for_update(of=("self",), no_key=True)
    memberships = memberships.filter(
        project=project_id, user=annotator_id, removed_at=None, project__archived_at=None
    )
    member = memberships.annotate(
        facts=RawSQL(_FACTS, (), Field()),
        in_hand=RawSQL(_IN_HAND, (list(have), requested, limit), Field()),
    ).first()
    if member is None:
        return None
    facts, in_hand = member.facts, member.in_hand
    hand = (in_hand[name] for name in ("live", "guideline", "replied", "held"))
    return AtDesk(member, _facts(facts), *hand)


def _facts(row: dict[str, Any]) -> DeskContext:
    number, note, created_at, has_body = row["guideline"] or (None, None, None, False)
    return DeskContext(
        guideline_number=number,
        guideline_note=note,
        guideline_date=datetime.fromisoformat(created_at) if created_at else None,
        has_guideline_text=has_body,
        read_guideline=row["read"],
        today=row["today"],
        median_seconds=row["median_seconds"],
        documents=row["documents"],
        resolved=row["resolved"],
        excluded=row["excluded"],
        classes=[card_of(*values) for values in row["classes"]],
        lately=[
            RecentAnnotation(annotation, excerpt, [(name, key, color) for name, key, color in classes])
            for annotation, excerpt, classes in row["lately"]
        ],
    )
