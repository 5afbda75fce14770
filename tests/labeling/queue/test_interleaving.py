"""What if two act at the same moment? Two connections, stopped and let go in every order that matters."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection

from labeling.annotations import corrections, exclusion, questions, skipping
from labeling.annotations import submit as annotations
from labeling.annotations.models import Annotation, Question
from labeling.annotations.submit import Submission, Submitted
from labeling.documents.models import Document
from labeling.exceptions import KeyReused, LeaseStale
from labeling.explanations.selection_reason import SelectionReason
from labeling.management.invariants import INVARIANTS, breaches
from labeling.projects.models import Project
from labeling.queue import claims, publishing, sql
from labeling.queue.models import Lease, QueueEntry
from tests.fixtures.people import TEXTS, label
from tests.labeling.queue.actors import INSERT_ENTRIES, REOPEN, STORE_ANSWER, TAKE_SLOTS, Actor

pytestmark = pytest.mark.django_db(transaction=True)
LATE = "16 minutes"


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    """A project of a single document."""
    return make_project(texts=TEXTS[:1])


@pytest.fixture(autouse=True)
def _every_promise_holds_in_the_end(db: None):
    yield
    Actor.end_all()
    assert [breach for invariant in INVARIANTS for breach in breaches(invariant)] == []


def claiming(project: Project, who: User, key: str | None = None) -> Callable[[], claims.Claimed]:
    return lambda: claims.claim(project.pk, who, key=key)


def submitting(
    project: Project, who: User, token: str, class_name: str = "Refund"
) -> Callable[[], Submitted]:
    answer = Submission(token, [label(project, class_name)])
    return lambda: annotations.submit(who, answer)


def names(claimed: claims.Claimed) -> list[str | None]:
    return [held.external_id for held in claimed.documents]


def the_document(project: Project) -> Document:
    return Document.objects.get(project=project, external_id="t0")


def test_two_claims_of_one_document(tickets: Project, ann: User, bob: User) -> None:
    first = Actor(claiming(tickets, ann), stop_before=TAKE_SLOTS).begin()
    assert names(Actor(claiming(tickets, bob)).begin().finish()) == ["t1"]
    assert names(first.finish()) == ["t0"]


def test_two_claims_of_the_last_document(project: Project, ann: User, bob: User) -> None:
    """The second is told to ask again in a second, never that the work is done."""
    first = Actor(claiming(project, ann), stop_before=TAKE_SLOTS).begin()
    second = claims.claim(project.pk, bob)
    assert (second.empty_because, second.retry_after) == ("all_leased", 1)
    assert names(first.finish()) == ["t0"]


def test_a_claim_that_looked_before_another_one_took_the_document(
    tickets: Project, ann: User, bob: User
) -> None:
    """Its snapshot is older than its lock: it finds the document taken, and takes the next under its key."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(42)")
        late = Actor(claiming(tickets, bob, key="k"), gate=42).begin_and_block()
        assert names(claims.claim(tickets.pk, ann)) == ["t0"]
        cursor.execute("SELECT pg_advisory_unlock(42)")
    assert names(late.finish()) == ["t1"]
    assert names(claims.claim(tickets.pk, bob, key="k")) == ["t1"]


# reliability I3
def test_two_claims_of_one_person_at_their_cap(tickets: Project, ann: User) -> None:
    Project.objects.filter(pk=tickets.pk).update(lease_cap=1)
    first = Actor(claiming(tickets, ann), stop_before=TAKE_SLOTS).begin()
    second = Actor(claiming(tickets, ann)).begin_and_block()
    assert names(first.finish()) == ["t0"]
    assert second.finish().empty_because == "at_cap"


def test_two_claims_under_one_key(tickets: Project, ann: User) -> None:
    first = Actor(claiming(tickets, ann, "k"), stop_before=TAKE_SLOTS).begin()
    second = Actor(claiming(tickets, ann, "k")).begin_and_block()
    tokens = [held.token for held in first.finish().documents]
    assert [held.token for held in second.finish().documents] == tokens


@pytest.mark.parametrize("text", ["Why?", "Where?"])
def test_two_questions_under_one_key(tickets: Project, ann: User, text: str) -> None:
    """The second waits for the first, and is the same one, or refused."""
    (held,) = claims.claim(tickets.pk, ann).documents
    first = Actor(
        lambda: questions.ask(held.token, ann, "Why?", "k"), stop_before='INSERT INTO "labeling_question"'
    ).begin()
    second = Actor(lambda: questions.ask(held.token, ann, text, "k")).begin_and_block()
    question = first.finish()
    if text == "Why?":
        assert second.finish() == question
    else:
        with pytest.raises(KeyReused):
            second.finish()
    assert Question.objects.get() == question


def test_a_late_submit_comes_before_the_claim_that_would_take_its_slot(
    project: Project, ann: User, bob: User
) -> None:
    (held,) = claims.claim(project.pk, ann).documents
    late = Actor(submitting(project, ann, held.token), stop_before=STORE_ANSWER, clock=LATE).begin()
    assert Actor(claiming(project, bob), clock=LATE).begin().finish().documents == []
    assert late.finish().outcome == "counted"


def test_a_late_submit_comes_after_the_claim_that_takes_its_slot(
    project: Project, ann: User, bob: User
) -> None:
    (held,) = claims.claim(project.pk, ann).documents
    claim = Actor(claiming(project, bob), stop_before=TAKE_SLOTS, clock=LATE).begin()
    late = Actor(submitting(project, ann, held.token), clock=LATE).begin_and_block()
    (taken,) = claim.finish().documents
    assert late.finish().outcome == "surplus"
    assert Actor(submitting(project, bob, taken.token), clock=LATE).begin().finish().outcome == "counted"


# reliability K4
def test_one_token_is_submitted_twice(project: Project, ann: User) -> None:
    (held,) = claims.claim(project.pk, ann).documents
    first = Actor(submitting(project, ann, held.token), stop_before=STORE_ANSWER).begin()
    second = Actor(submitting(project, ann, held.token)).begin_and_block()
    assert first.finish().outcome == "counted"
    assert second.finish().outcome == "replay"
    assert Annotation.objects.count() == 1


def test_a_claim_reads_the_whole_old_order_while_a_new_one_is_published(
    tickets: Project, ann: User, bob: User
) -> None:
    turned = [
        (pk, SelectionReason("margin"))
        for pk in Document.objects.order_by("-pk").values_list("pk", flat=True)
    ]
    publisher = Actor(
        lambda: publishing.publish(tickets.pk, tickets.generation + 1, turned), stop_before=INSERT_ENTRIES
    ).begin()
    assert names(claims.claim(tickets.pk, ann)) == ["t0"]
    assert publisher.finish()
    assert names(claims.claim(tickets.pk, bob)) == ["t5"]
    assert Lease.objects.live().count() == 2


def test_a_newer_order_is_published_while_an_older_one_waits(tickets: Project) -> None:
    entries = [(the_document(tickets).pk, SelectionReason("margin"))]
    older, newer = tickets.generation + 1, tickets.generation + 2
    first = Actor(lambda: publishing.publish(tickets.pk, newer, entries), stop_before=INSERT_ENTRIES).begin()
    second = Actor(lambda: publishing.publish(tickets.pk, older, entries)).begin_and_block()
    assert first.finish()
    assert not second.finish()
    assert Project.objects.get(pk=tickets.pk).generation == newer
    assert not QueueEntry.objects.filter(generation=older).exists()


def test_an_overlap_is_lowered_under_a_claim(
    make_project: Callable[..., Project], joan: User, ann: User, bob: User
) -> None:
    project = make_project(overlap=2, texts=TEXTS[:1])
    (first,) = claims.claim(project.pk, ann).documents
    claim = Actor(claiming(project, bob), stop_before=TAKE_SLOTS).begin()
    change = Actor(lambda: exclusion.change(project.pk, joan, overlap=1)).begin_and_block()
    (second,) = claim.finish().documents
    change.finish()
    assert submitting(project, bob, second.token)().outcome == "counted"
    assert submitting(project, ann, first.token)().outcome == "surplus"


@pytest.mark.parametrize(("before", "after", "state"), [(2, 1, "resolved"), (1, 2, "resolved")])
def test_an_overlap_is_changed_under_a_submit(
    make_project: Callable[..., Project], joan: User, ann: User, before: int, after: int, state: str
) -> None:
    """The submit read the old overlap: the change waits for it, and puts its document right."""
    project = make_project(overlap=before, texts=TEXTS[:1])
    (held,) = claims.claim(project.pk, ann).documents
    submit = Actor(submitting(project, ann, held.token), stop_before=STORE_ANSWER).begin()
    change = Actor(lambda: exclusion.change(project.pk, joan, overlap=after)).begin_and_block()
    assert submit.finish().outcome == "counted"
    change.finish()
    assert the_document(project).state == state


def test_a_document_is_excluded_after_the_submit_that_holds_it(
    project: Project, joan: User, ann: User
) -> None:
    (held,) = claims.claim(project.pk, ann).documents
    submit = Actor(submitting(project, ann, held.token), stop_before=STORE_ANSWER).begin()
    exclude = Actor(lambda: exclusion.exclude(project.pk, joan, held.document_id)).begin_and_block()
    assert submit.finish().outcome == "counted"
    exclude.finish()
    assert the_document(project).state == Document.State.EXCLUDED


def test_a_document_is_excluded_before_the_submit_that_waits_for_it(
    project: Project, joan: User, ann: User
) -> None:
    (held,) = claims.claim(project.pk, ann).documents
    exclude = Actor(
        lambda: exclusion.exclude(project.pk, joan, held.document_id),
        stop_before='UPDATE "labeling_document"',
    ).begin()
    submit = Actor(submitting(project, ann, held.token)).begin_and_block()
    exclude.finish()
    assert submit.finish().outcome == "surplus"
    assert the_document(project).state == Document.State.EXCLUDED


def test_a_claim_comes_while_an_answer_is_undone(project: Project, ann: User, bob: User) -> None:
    (held,) = claims.claim(project.pk, ann).documents
    submitting(project, ann, held.token)()
    undo = Actor(lambda: corrections.undo(project.pk, ann), stop_before=REOPEN).begin()
    assert claims.claim(project.pk, bob).documents == []
    undo.finish()
    assert claims.claim(project.pk, bob).empty_because == "all_leased"
    assert [held.external_id for held in claims.held_by(project.pk, ann)] == ["t0"]


def test_a_skip_comes_before_the_submit_of_the_same_token(project: Project, ann: User) -> None:
    (held,) = claims.claim(project.pk, ann).documents
    skip = Actor(lambda: skipping.skip(held.token, ann), stop_before='UPDATE "labeling_lease"').begin()
    submit = Actor(submitting(project, ann, held.token)).begin_and_block()
    skip.finish()
    assert submit.finish().outcome == "surplus"


def test_a_skip_comes_after_the_submit_of_the_same_token(project: Project, ann: User) -> None:
    (held,) = claims.claim(project.pk, ann).documents
    submit = Actor(submitting(project, ann, held.token), stop_before=STORE_ANSWER).begin()
    skip = Actor(lambda: skipping.skip(held.token, ann)).begin_and_block()
    assert submit.finish().outcome == "counted"
    with pytest.raises(LeaseStale):
        skip.finish()


def test_two_batches_that_hold_the_same_documents_never_wait_in_a_circle(
    make_project: Callable[..., Project], ann: User, bob: User
) -> None:
    project = make_project(overlap=2)
    mine, theirs = (claims.claim(project.pk, who, 6).documents for who in (ann, bob))
    answer = [label(project, "Refund")]
    forwards = [Submission(held.token, answer) for held in mine]
    backwards = [Submission(held.token, answer) for held in reversed(theirs)]
    first = Actor(lambda: annotations.submit_many(ann, forwards), stop_before=STORE_ANSWER).begin()
    second = Actor(lambda: annotations.submit_many(bob, backwards)).begin_and_block()
    assert {done.outcome for done in first.finish() + second.finish()} == {"counted"}


def test_without_the_lock_on_the_document_the_first_test_fails(
    tickets: Project, ann: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlocked = sql.LOCK_RANKED.replace("FOR NO KEY UPDATE OF d SKIP LOCKED", "")
    monkeypatch.setattr(sql, "LOCK_RANKED", unlocked)
    with pytest.raises(AssertionError):
        test_two_claims_of_one_document(tickets, ann, bob)
