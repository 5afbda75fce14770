"""Predicates that stand in SQL and in the ORM's words choose the same rows, of rows in every state."""

import re
from datetime import UTC, datetime, timedelta
from itertools import cycle, product

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from labeling.annotations import predicates as of_annotations
from labeling.annotations.ground_truth import labeled_documents
from labeling.annotations.models import Annotation, Resolution
from labeling.db.clock import Now
from labeling.documents import predicates as of_documents
from labeling.documents.models import Document
from labeling.projects.models import Project
from labeling.queue import predicates as of_leases
from labeling.queue.models import Lease, answer_count, is_live
from reviewqueue.settings import BASE_DIR
from tests.fixtures.people import fill

SOON, PAST = Now() + timedelta(hours=1), Now() - timedelta(hours=1)
LEASES = (
    {"state": "live", "leased_until": SOON},
    {"state": "live", "leased_until": PAST},
    {"state": "submitted", "leased_until": PAST},
    {"state": "submitted", "leased_until": SOON},
    {"state": "skipped", "leased_until": SOON},
    {"state": "deferred", "leased_until": PAST, "deferred_until": SOON},
    {"state": "released", "leased_until": SOON},
    {"state": "expired", "leased_until": PAST},
    {"state": "submitted", "leased_until": PAST},
)  # nine of them: no divisor of the number of documents, so each meets documents of every kind
KINDS = tuple(
    kind
    for kind in product(Document.State.values, Document.Split.values, (False, True), (0, 1), (0, 1))
    if kind[0] == "resolved" or not kind[2]  # gold documents are settled
)


def answer(document: Document, annotator: User | None, source: str, **facts: object) -> Annotation:
    return Annotation.objects.create(
        project_id=document.project_id,
        document=document,
        annotator=annotator,
        source=source,
        answer_hash=b"",
        **facts,
    )


def settle(document: Document) -> None:
    imported = answer(document, None, "import")
    Resolution.objects.create(
        project_id=document.project_id, document=document, annotation=imported, how="imported"
    )


@pytest.fixture
def every_state(tickets: Project, make_project, ann: User, bob: User) -> Project:
    """Documents of every kind, some alike, with leases and answers of every kind in both rounds."""
    fill(make_project("multi"), ["elsewhere"], split="test")
    Document.objects.filter(text="elsewhere").update(content_hash=bytes([20]) * 16)
    documents = fill(tickets, [f"text {n}" for n in range(len(KINDS))])
    leases, sources = cycle(LEASES), cycle(("person", "machine", "person"))
    for n, (document, kind) in enumerate(zip(documents, KINDS, strict=True)):
        document.state, document.split, document.is_gold, document.extra_slots, document.round = kind
        document.content_hash = (
            bytes([n % 29]) * 16
        )  # the first eleven are copies of the last, the 21st of one elsewhere
        document.save()
        if document.state == "resolved":
            settle(document)
        for number, (slot, annotator) in product((0, 1), enumerate((ann, bob))):
            wanted = next(leases)
            values = {"round": number, "annotator": annotator}
            if wanted["state"] == "submitted":
                wanted = wanted | {"annotation": answer(document, source=next(sources), **values)}
            holds = wanted["state"] in ("live", "submitted")
            Lease.objects.create(
                project=tickets,
                document=document,
                slot=slot if holds else None,
                reason={"share": "random"},
                **wanted,
                **values,
            )
    for n, first in enumerate(Annotation.objects.filter(source="person").order_by("pk")[:30]):
        if n % 3 < 2:
            answer(
                first.document,
                first.annotator,
                "person",
                round=first.round,
                supersedes=first,
                is_withdrawal=n % 3 == 0,
            )
    Project.objects.filter(pk=tickets.pk).update(grouped_count=tickets.document_count - 5)
    return tickets


def ids(statement: str, **facts: object) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM ({statement}) found ORDER BY id", facts)
        return [pk for (pk,) in cursor.fetchall()]


def assert_same(statement: str, rows: QuerySet, **facts: object) -> None:
    """And neither none nor all, which any two predicates might agree on."""
    expected = sorted(rows.values_list("pk", flat=True))
    assert ids(statement, **facts) == expected
    assert 0 < len(expected) < rows.model.objects.count()


def test_leases(every_state: Project) -> None:
    leases = Lease.objects.all()
    for predicate, rows in (
        (of_leases.live("l"), leases.live()),
        (of_leases.overdue("l"), leases.overdue()),
        (of_leases.holding("l"), leases.holding()),
        (of_leases.final("l"), leases.final()),
    ):
        assert_same(f"SELECT l.id FROM labeling_lease l WHERE {predicate}", rows)
    counted = of_leases.counted("l", "d")
    assert_same(f"SELECT l.id FROM labeling_lease l JOIN labeling_document d ON {counted}", leases.counted())
    assert_same(
        f"SELECT l.id FROM labeling_lease l WHERE {of_leases.live('l', at='%(since)s')}",
        leases.filter(state="live"),
        since=datetime(2000, 1, 1, tzinfo=UTC),
    )


def test_the_latest_answers(every_state: Project) -> None:
    newest_first = Lease.objects.filter(project=every_state, state="submitted").order_by("-annotation")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {of_leases.latest_answers(12)} latest", {"project": every_state.pk})
        assert [pk for (pk,) in cursor.fetchall()] == list(newest_first.values_list("pk", flat=True)[:12])


def test_slots_held_and_answers_counted(every_state: Project) -> None:
    held = Count("leases", filter=Q(leases__round=F("round")) & (Q(leases__state="submitted") | _is_live()))
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT d.id, {of_leases.SLOTS_HELD},
                       (SELECT count(*) FROM labeling_lease l WHERE {of_leases.counted("l", "d")})
                FROM labeling_document d ORDER BY d.id"""
        )
        counts = cursor.fetchall()
    rows = Document.objects.annotate(held=held, answers=answer_count()).order_by("pk")
    assert counts == list(rows.values_list("pk", "held", "answers"))
    assert {held for _, held, _ in counts} == {0, 1, 2}
    assert {answers for _, _, answers in counts} == {0, 1, 2}


def _is_live() -> Q:
    return Q(leases__in=Lease.objects.filter(is_live()))


def test_documents(every_state: Project) -> None:
    documents = Document.objects.all()
    for predicate, rows in (
        (of_documents.trainable("d"), documents.trainable()),
        (of_documents.takes_answers("d"), documents.filter(Q(state="open") | Q(is_gold=True))),
        (of_documents.first_answer_speaks("d"), documents.filter(_first_answer_speaks())),
    ):
        assert_same(f"SELECT d.id FROM labeling_document d WHERE {predicate}", rows)
    answerable = Lease.objects.answerable().values("document")
    takes = of_documents.takes_answers("d")
    assert_same(
        f"SELECT d.id FROM labeling_document d JOIN labeling_lease l ON l.document_id = d.id"
        f" WHERE {takes} GROUP BY d.id",
        documents.filter(pk__in=answerable),
    )


def _first_answer_speaks() -> Q:
    return Q(state="open") & (Q(split="pool") | Q(extra_slots__gt=0))


def test_annotations(every_state: Project) -> None:
    annotations = Annotation.objects.all()
    superseded = of_annotations.superseded("a")
    for predicate, rows in (
        (superseded, annotations.exclude(superseded_by=None)),
        (f"NOT a.is_withdrawal AND NOT {superseded}", annotations.current()),
        (of_annotations.by_annotators("a"), annotations.filter(source__in=Annotation.ANNOTATORS)),
    ):
        assert_same(f"SELECT a.id FROM labeling_annotation a WHERE {predicate}", rows)


@pytest.mark.parametrize("split", ["pool", "test"])
def test_labeled_documents(every_state: Project, split: str) -> None:
    """What settles a document speaks, or its first answer where that may; of the pool none that measures."""
    answered = Exists(Lease.objects.counted().filter(document=OuterRef("pk")))
    speaking = Document.objects.filter(Q(resolution__isnull=False) | (_first_answer_speaks() & answered))
    if split == "pool":
        speaking = speaking.trainable()
    compared = speaking.filter(project=every_state, split=split, position__lt=every_state.document_count - 5)
    ids = [document.document_id for document in labeled_documents(every_state.pk, split)]
    assert sorted(ids) == sorted(compared.values_list("pk", flat=True))
    assert 5 < len(ids) < 40


def test_no_other_module_writes_them_out() -> None:
    """`verify_invariants` does, on purpose: it checks what the others say."""
    written_out = re.compile(
        r"leased_until [<>]=? |ORDER BY annotation_id DESC LIMIT|IN \('submitted', 'skipped'\)"
    )
    homes = {"labeling/queue/predicates.py", "labeling/management/invariants.py"}
    modules = [path for room in ("labeling", "analytics") for path in (BASE_DIR / room).rglob("*.py")]
    writers = {
        path.relative_to(BASE_DIR).as_posix()
        for path in modules
        if "migrations" not in path.parts and written_out.search(path.read_text())
    }
    assert writers - homes == set()
    assert "labeling/queue/predicates.py" in writers
