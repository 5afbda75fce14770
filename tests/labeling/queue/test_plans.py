"""Does a claim cost the same in a project of a hundred thousand documents as in one of a thousand?

Looked at as the server executes it: by the generic plan of the prepared statement, in a project mostly done.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from labeling.annotations import sql as answer_statements
from labeling.annotations import submit
from labeling.annotations.submit import Submission
from labeling.documents.models import Document
from labeling.explanations.selection_reason import SelectionReason
from labeling.projects.models import Project
from labeling.queue import claims, publishing
from labeling.queue import sql as statements
from tests.fixtures.people import CLASSES, label

SIZES = (1_000, 100_000)
DONE_SHARE = 0.9
HEAD = 5_000
GROWN = {
    "labeling_document",
    "labeling_lease",
    "labeling_annotation",
    "labeling_queueentry",
    "labeling_label",
}
FILL = """
    INSERT INTO labeling_document (project_id, external_id, text, metadata, content_hash, split, state,
                                   position, random_key, round, extra_slots)
    SELECT %(project)s, n, 'text ' || n, '{}', decode(md5(n::text), 'hex'), 'pool',
           CASE WHEN n < %(done)s THEN 'resolved' ELSE 'open' END, n, n / %(count)s::float, 0, 0
    FROM generate_series(0, %(count)s - 1) AS n
"""
ANSWER = """
    INSERT INTO labeling_lease (project_id, document_id, round, annotator_id, state, epoch, leased_until,
                                reason)
    SELECT project_id, id, 0, %(annotator)s, 'released', 1, now(), '{"share": "margin"}'
    FROM labeling_document WHERE project_id = %(project)s AND state = 'resolved'
"""
ANNOTATE = """
    INSERT INTO labeling_annotation (project_id, document_id, round, annotator_id, source, lease_id, epoch,
                                     answer_hash, note, is_surplus)
    SELECT project_id, document_id, 0, annotator_id, 'person', id, 1, '', '', false
    FROM labeling_lease WHERE project_id = %(project)s
"""


@pytest.fixture
def make_done(make_project: Callable[..., Project], ann: User) -> Callable[[int], Project]:
    """A project of so many documents, nine tenths of them settled, with leases on all of those."""

    def make(count: int) -> Project:
        project = make_project(texts=[])
        facts = {
            "project": project.pk,
            "count": count,
            "done": round(count * DONE_SHARE),
            "annotator": ann.pk,
        }
        with connection.cursor() as cursor:
            cursor.execute(FILL, facts)
            cursor.execute(ANSWER, facts)
            cursor.execute(ANNOTATE, facts)
        Project.objects.filter(pk=project.pk).update(document_count=count)
        still_open = Document.objects.filter(project=project, state="open").order_by("-position")[:HEAD]
        entries = [(pk, SelectionReason("margin")) for pk in still_open.values_list("pk", flat=True)]
        publishing.publish(project.pk, publishing.next_generation(), entries)
        with connection.cursor() as cursor:
            for table in sorted(GROWN | {"labeling_project"}):
                cursor.execute(f"ANALYZE {table}")
        return project

    return make


def plan_of(statement: str, facts: dict[str, Any]) -> dict[str, Any]:
    """The generic plan of a statement, with what it really read."""
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", statement)))
    for index, name in enumerate(names, start=1):
        statement = statement.replace(f"%({name})s", f"${index}")
    values = ", ".join(["%s"] * len(names))
    with connection.cursor() as cursor:
        cursor.execute(f"PREPARE looked_at AS {statement}")
        try:
            cursor.execute(
                f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE looked_at ({values})" if names else "",
                [facts[name] for name in names],
            )
            fetchone = cursor.fetchone()[0]
        finally:
            cursor.execute("DEALLOCATE looked_at")
    return dict((json.loads(fetchone) if isinstance(fetchone, str) else fetchone)[0]["Plan"])


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def rows_read(plan: dict[str, Any]) -> int:
    """Rows that scans of tables looked at, kept or not."""
    return round(
        sum(
            (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
            for node in nodes(plan)
            if "Relation Name" in node and node["Relation Name"] != "labeling_project"
        )
    )


def whole_tables(plan: dict[str, Any]) -> list[str]:
    """Tables that grow with a project and are read from end to end."""
    return [
        node["Relation Name"]
        for node in nodes(plan)
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in GROWN
    ]


def claim_plans(project: Project, who: User, count: int) -> dict[str, dict[str, Any]]:
    facts: dict[str, Any] = {
        "project": project.pk,
        "annotator": who.pk,
        "overlap": 1,
        "lease_minutes": 15,
        "guideline": None,
        "key": None,
        "asked": count,
        "taken": [],
        "is_machine": False,
    }
    ids = list(
        Document.objects.filter(project=project, state="open")
        .order_by("-position")
        .values_list("pk", flat=True)
    )[:count]
    facts |= {"documents": ids, "reasons": ['{"share": "margin"}'] * count}
    return {
        "ranked": plan_of(statements.LOCK_RANKED.replace("{count}", str(count)), facts),
        "unranked": plan_of(statements.LOCK_UNRANKED.replace("{count}", str(count)), facts),
        "expire": plan_of(statements.EXPIRE_LOCKED, facts),
        "take": plan_of(statements.TAKE_SLOTS, facts),
    }


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 20])
def test_a_claim_reads_as_much_of_a_large_project_as_of_a_small_one(
    make_done: Callable[[int], Project], bob: User, count: int
) -> None:
    small, large = (claim_plans(make_done(size), bob, count) for size in SIZES)
    read = {name: rows_read(plan) for name, plan in large.items()}
    assert all(rows <= 3 * count + 100 for rows in read.values()), read
    assert sum(read.values()) <= sum(map(rows_read, small.values())) + count
    assert [name for name, plan in large.items() if whole_tables(plan)] == []


def test_a_submit_reads_no_whole_table(make_done: Callable[[int], Project], ann: User) -> None:
    project = make_done(SIZES[0])
    (held,) = claims.claim(project.pk, ann).documents
    refund = label(project, CLASSES[0])
    facts = {
        "leases": [held.lease_id],
        "with_text": False,
        "annotator": ann.pk,
        "epochs": [held.epoch],
        "keys": ["k"],
        "classes": [refund.label_class],
        "documents": [held.document_id],
    }
    for name in ("LOCK_LEASED", "LEASE_STATES", "COUNTED_ANSWERS"):
        plan = plan_of(getattr(answer_statements, name), facts)
        assert whole_tables(plan) == [], name
        assert rows_read(plan) <= 20, name


class Counted:
    """Statements that were executed, but for those that begin and end."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.count += not sql.startswith(("SAVEPOINT", "RELEASE"))
        return execute(sql, params, many, context)


@pytest.mark.parametrize("answers", [1, 6])
def test_claims_and_submits_take_six_statements_at_most_on_their_longest_way(
    make_project: Callable[..., Project], ann: User, bob: User, answers: int, clock: Any
) -> None:
    """A claim that finds half of it without the order, and leases that ran out; then a late submit."""
    project = make_project(overlap=2)
    claims.claim(project.pk, ann, 6)
    documents = Document.objects.filter(project=project)
    entries = [(pk, SelectionReason("margin")) for pk in documents.values_list("pk", flat=True)[:3]]
    publishing.publish(project.pk, publishing.next_generation(), entries)
    clock.advance(minutes=16)
    with connection.execute_wrapper(claimed := Counted()):
        held = claims.claim(project.pk, bob, 6, key="k").documents
    assert len(held) == 6
    assert claimed.count <= 6
    refund = [label(project, "Refund")]
    for document in claims.claim(project.pk, ann, 6).documents:
        submit.submit(ann, Submission(document.token, refund))
    clock.advance(minutes=16)
    with connection.execute_wrapper(submitted := Counted()):
        done = submit.submit_many(
            bob, [Submission(item.token, refund, key=item.token) for item in held[:answers]]
        )
    assert {(result.outcome, result.document_state) for result in done} == {("counted", "resolved")}
    assert submitted.count <= 6
