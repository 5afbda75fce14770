"""On what does the state machine play? Two projects, four people, a stranger; and what both sides say."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection

from labeling.documents.models import Document
from labeling.exceptions import LabelingError
from labeling.explanations.selection_reason import SelectionReason
from labeling.guidelines import new_projects
from labeling.management.invariants import INVARIANTS
from labeling.projects import members
from labeling.projects.models import Project
from labeling.queue import publishing
from tests.fixtures.people import CLASSES, TEXTS, fill
from tests.labeling.queue.picks import QueueWithPicks
from tests.labeling.queue.state import Doc, Refused

PEOPLE = {"joan": "manager", "ann": "annotator", "bob": "annotator", "carla": "adjudicator"}
RANKED = 3  # documents of the first project that its first order holds; the others are found without one
BROKEN = " UNION ALL ".join(
    f"SELECT 'broken', {invariant.number}::text, $breach${what}$breach$, count(*)::text, NULL"
    f" FROM ({statement}) AS found HAVING count(*) > 0"
    for invariant in INVARIANTS
    for what, statement in invariant.breaches.items()
)
# A function, because its plan outlives a rollback: planning takes longer than all the rest of a step.
STATE = f"""
    CREATE OR REPLACE FUNCTION pg_temp.queue_state()
    RETURNS TABLE (what text, a text, b text, c text, d text) LANGUAGE plpgsql AS $queue_state$
    BEGIN RETURN QUERY
    SELECT 'hold', l.document_id::text, u.username::text,
           CASE WHEN l.state = 'live' AND l.leased_until <= labeling_now() THEN 'ended'
                WHEN l.state IN ('released', 'expired') THEN 'ended' ELSE l.state END::text, l.epoch::text
    FROM labeling_lease l JOIN auth_user u ON u.id = l.annotator_id
    UNION ALL
    SELECT 'document', d.id::text, d.state::text, r.how::text, d.split::text
    FROM labeling_document d LEFT JOIN labeling_resolution r ON r.document_id = d.id
    UNION ALL
    SELECT 'answers', a.project_id::text, count(*)::text, count(*) FILTER (WHERE a.is_surplus)::text, NULL
    FROM labeling_annotation a WHERE a.source = 'person' GROUP BY a.project_id
    UNION ALL
    SELECT 'entry', e.project_id::text, e.rank::text, e.document_id::text, NULL
    FROM labeling_queueentry e JOIN labeling_project p ON p.id = e.project_id AND p.generation = e.generation
    UNION ALL
    SELECT 'sent', x.pick_id::text, x.document_id::text, x.is_asked::text, NULL
    FROM labeling_pickeddocument x JOIN labeling_pick k ON k.id = x.pick_id
    JOIN labeling_document d ON d.id = x.document_id
    WHERE k.ended_at IS NULL AND d.state = 'open'
    UNION ALL
    SELECT 'served again', l.document_id::text, u.username::text, NULL, NULL
    FROM labeling_lease l JOIN auth_user u ON u.id = l.annotator_id
    JOIN labeling_document d ON d.id = l.document_id AND d.round = l.round
    JOIN labeling_annotation a ON a.lease_id = l.id AND NOT a.is_surplus AND NOT a.is_withdrawal
    WHERE l.state = 'live' AND NOT EXISTS (
        SELECT 1 FROM labeling_annotation later WHERE later.supersedes_id = a.id)
    UNION ALL {BROKEN};
    END $queue_state$
"""


@dataclass
class Side:
    """One project as it is in the database, and as the model has it."""

    project: Project
    model: QueueWithPicks
    ids: dict[str, int]
    texts: dict[str, str]

    def name_of(self, document_id: int) -> str:
        names = {pk: name for name, pk in self.ids.items()}
        assert document_id in names, "a document of another project was handed out"
        return names[document_id]


@dataclass
class World:
    """Made once; every run of the machine starts from it."""

    users: dict[str, User]
    sides: list[Side]
    classes: list[dict[str, UUID]]  # by name, for each project

    def fresh(self) -> list[Side]:
        return [Side(side.project, deepcopy(side.model), side.ids, side.texts) for side in self.sides]


def make_world() -> World:
    users = {name: User.objects.create(username=name) for name in (*PEOPLE, "eve")}
    first = _side(users, "one", PEOPLE, 5, {"overlap": 2, "lease_cap": 3})
    second = _side(users, "two", {name: PEOPLE[name] for name in ("joan", "ann", "bob")}, 2, {"overlap": 1})
    classes = [dict(side.project.classes.values_list("name", "pk")) for side in (first, second)]
    return World(users, [first, second], classes)


def _side(
    users: dict[str, User], name: str, people: dict[str, str], count: int, policy: dict[str, int]
) -> Side:
    project = new_projects.create(users["joan"], name=name, kind="single", class_names=CLASSES, **policy)
    for person, role in people.items():
        if person != "joan":
            members.add_member(project.pk, users["joan"], users[person], role)
    documents = fill(project, TEXTS[:count])
    last = documents[-1]
    Document.objects.filter(pk=last.pk).update(split=Document.Split.TEST, random_key=0.01)
    docs = {d.external_id or "": Doc(d.external_id or "", ("pool", d.random_key)) for d in documents}
    docs[last.external_id or ""].position = ("test", 0.01)
    model = QueueWithPicks(docs, dict(people), overlap=policy["overlap"], cap=policy.get("lease_cap", 100))
    generation = publishing.next_generation()
    ranked = list(reversed(documents[:RANKED]))
    publishing.publish(project.pk, generation, [(d.pk, SelectionReason("margin")) for d in ranked])
    model.publish(generation, [d.external_id or "" for d in ranked])
    texts = {d.external_id or "": d.text for d in documents}
    return Side(project, model, {d.external_id or "": d.pk for d in documents}, texts)


def outcome(act: Callable[[], Any]) -> Any:
    """What came back, or the name of the error."""
    try:
        return act()
    except Refused as refusal:
        return str(refusal)
    except LabelingError as error:
        return type(error).__name__


def read_state() -> set[tuple[str | None, ...]]:
    """All that the database says now, broken promises among it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM pg_temp.queue_state()")
        rows = cursor.fetchall()
    assert len(rows) == len(set(rows))
    return set(rows)


def expected_state(sides: list[Side]) -> set[tuple[str | None, ...]]:
    """All that the database ought to say, by the model, and not one broken promise."""
    rows: set[tuple[str | None, ...]] = set()
    for side in sides:
        model, docs, project = side.model, side.model.docs.values(), str(side.project.pk)
        for doc in docs:
            document = str(side.ids[doc.name])
            rows.add(("document", document, doc.state, doc.how, doc.position[0]))
            for person, hold in doc.holds.items():
                state = "ended" if hold.state == "live" and not model.is_live(hold) else hold.state
                rows.add(("hold", document, person, state, str(hold.epoch)))
        said = sum(len(doc.said) + doc.withdrawn + doc.corrections for doc in docs)
        if said:
            rows.add(("answers", project, str(said), str(sum(doc.surplus for doc in docs)), None))
        waiting = model.waiting()
        for pick in model.picks:
            for name in waiting.get(pick.pk, ()):
                is_asked = str(name in pick.asked).lower()
                rows.add(("sent", str(pick.pk), str(side.ids[name]), is_asked, None))
        rows |= {("entry", project, str(rank), str(side.ids[name]), None) for rank, name in model.order}
    return rows
