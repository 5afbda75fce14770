"""What does the label page show around the document? All of it in one statement, at any size of project."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

MOST_COUNTED = 10_000  # resolved documents; above it the page says "more than"

_FACTS = """
    WITH newest AS (
        SELECT id, number, note, created_at, body <> '' AS has_body FROM labeling_guideline
        WHERE project_id = %(project)s ORDER BY number DESC LIMIT 1
    ), mine AS (
        SELECT id, seconds, created_at FROM labeling_annotation
        WHERE annotator_id = %(annotator)s AND project_id = %(project)s AND source = 'person'
        ORDER BY id DESC LIMIT 2000
    ), today AS (
        SELECT seconds FROM mine
        WHERE created_at >= date_trunc('day', labeling_now())
          AND EXISTS (SELECT 1 FROM labeling_lease l WHERE l.annotation_id = mine.id)
    )
    SELECT newest.number, newest.note, newest.created_at, newest.has_body,
           (SELECT count(*) FROM today),
           (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) FROM today),
           (SELECT count(*) FROM (SELECT 1 FROM labeling_resolution WHERE project_id = %(project)s
                                  LIMIT %(most)s) resolved),
           (SELECT coalesce(json_agg(json_build_array(c.id, c.name, c.key, c.colour, r.definition, r.examples,
                                                      r.counter_examples) ORDER BY c.position, c.name), '[]')
            FROM labeling_labelclass c
            LEFT JOIN labeling_classrule r ON r.label_class_id = c.id AND r.guideline_id = newest.id
            WHERE c.project_id = %(project)s AND c.retired_at IS NULL)
    FROM (SELECT 1) one LEFT JOIN newest ON true
"""


@dataclass(frozen=True)
class ClassCard:
    """A class that may be chosen, with what the newest guideline says of it."""

    id: str  # of the class, as text
    name: str
    key: str
    colour: str
    definition: str
    examples: list[str]
    counter_examples: list[str]

    @property
    def has_rule(self) -> bool:
        return bool(self.definition or self.examples or self.counter_examples)


@dataclass(frozen=True)
class DeskFacts:
    """What stands around the document: the rules, and how far it is."""

    guideline_number: int | None
    guideline_note: str | None
    guideline_date: datetime | None
    has_guideline_text: bool
    today: int  # the annotator's answers of today that count
    median_seconds: float | None  # of focused work on one document, today
    resolved: int  # documents, at most one more than MOST_COUNTED
    classes: list[ClassCard]

    @property
    def has_rules(self) -> bool:
        return any(card.has_rule for card in self.classes)

    @property
    def is_resolved_capped(self) -> bool:
        return self.resolved > MOST_COUNTED


def desk_facts(project_id: int, annotator_id: int) -> DeskFacts:
    """The page's surroundings for one annotator."""
    given = {"project": project_id, "annotator": annotator_id, "most": MOST_COUNTED + 1}
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, given)
        *facts, classes = cursor.fetchone()
    number, note, created_at, has_body, today, median, resolved = facts
    cards = [_card(*values) for values in (json.loads(classes) if isinstance(classes, str) else classes)]
    return DeskFacts(number, note, created_at, bool(has_body), today, median, resolved, cards)


def _card(*values: Any) -> ClassCard:
    class_id, name, key, colour, definition, examples, counter_examples = values
    return ClassCard(
        class_id, name, key, colour, definition or "", _lines(examples), _lines(counter_examples)
    )


def _lines(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").splitlines() if line.strip()]
