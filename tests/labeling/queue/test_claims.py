"""Who labels what next?"""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from labeling.annotations import corrections, skipping, submit
from labeling.annotations.models import Annotation
from labeling.annotations.submit import Submission
from labeling.documents.models import Document
from labeling.exceptions import AnswerConflict, LeaseNotFound, LeaseStale, NotAMember
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.queue.models import Lease
from tests.fixtures.people import Clock, label


def claim_one(project: Project, who: User) -> claims.HeldDocument:
    (held,) = claims.claim(project.pk, who).documents
    return held


def test_the_best_ranked_document_comes_first(tickets: Project, ann: User) -> None:
    assert claim_one(tickets, ann).external_id == "t0"


def test_two_annotators_never_hold_the_same_slot(tickets: Project, ann: User, bob: User) -> None:
    assert claim_one(tickets, ann).document_id != claim_one(tickets, bob).document_id


def test_a_lease_that_ran_out_goes_to_the_next_annotator(
    tickets: Project, ann: User, bob: User, clock: Clock
) -> None:
    first = claim_one(tickets, ann)
    clock.advance(minutes=16)
    assert claim_one(tickets, bob).document_id == first.document_id


def test_the_same_key_brings_the_same_leases(tickets: Project, ann: User) -> None:
    first = claims.claim(tickets.pk, ann, 2, key="k1")
    again = claims.claim(tickets.pk, ann, 2, key="k1")
    assert [d.token for d in first.documents] == [d.token for d in again.documents]


def test_a_claim_and_a_submit_take_at_most_six_statements(
    make_project: Callable[..., Project], ann: User
) -> None:
    project = make_project(overlap=2)
    with CaptureQueriesContext(
        connection,
    ) as claimed:
        held = claims.claim(project.pk, ann, 3, key="k").documents[0]
    with CaptureQueriesContext(connection) as submitted:
        submit.submit(ann, Submission(held.token, [label_of(project)], key="s"))
    count = [
        sum(not q["sql"].startswith(("SAVEPOINT", "RELEASE")) for q in context.captured_queries)
        for context in (claimed, submitted)
    ]
    assert count[0] <= 6
    assert count[1] <= 7  # one of them is label_of's


def label_of(project: Project):
    return label(project, "Refund")


def test_a_submitted_answer_settles_the_document(tickets: Project, ann: User) -> None:
    held = claim_one(tickets, ann)
    done = submit.submit(ann, Submission(held.token, [label(tickets, "Refund")]))
    assert (done.outcome, done.document_state) == ("counted", "resolved")
    assert claim_one(tickets, ann).external_id == "t1"


def test_the_same_answer_again_is_a_replay_and_another_one_a_conflict(tickets: Project, ann: User) -> None:
    held = claim_one(tickets, ann)
    refund = Submission(held.token, [label(tickets, "Refund")])
    first = submit.submit(ann, refund)
    assert submit.submit(ann, refund).outcome == "replay"
    with pytest.raises(AnswerConflict):
        submit.submit(ann, Submission(held.token, [label(tickets, "Billing")]))
    assert Annotation.objects.count() == 1
    assert first.outcome == "counted"


def test_a_late_answer_counts_while_its_slot_is_free(tickets: Project, ann: User, clock: Clock) -> None:
    held = claim_one(tickets, ann)
    clock.advance(minutes=16)
    assert submit.submit(ann, Submission(held.token, [label(tickets, "Refund")])).outcome == "counted"


def test_a_late_answer_is_kept_as_surplus_when_somebody_else_has_the_document(
    tickets: Project, ann: User, bob: User, clock: Clock
) -> None:
    held = claim_one(tickets, ann)
    clock.advance(minutes=16)
    taken = claim_one(tickets, bob)
    assert submit.submit(ann, Submission(held.token, [label(tickets, "Refund")])).outcome == "surplus"
    assert submit.submit(bob, Submission(taken.token, [label(tickets, "Refund")])).outcome == "counted"


def test_a_skipped_document_never_comes_back_to_the_same_person(
    tickets: Project, ann: User, bob: User
) -> None:
    held = claim_one(tickets, ann)
    skipping.skip(held.token, ann, "not English")
    assert held.document_id not in [d.document_id for d in claims.claim(tickets.pk, ann, 100).documents]
    assert claim_one(tickets, bob).document_id == held.document_id


def test_a_document_skipped_by_three_goes_to_the_adjudicator(
    tickets: Project, ann: User, bob: User, carla: User
) -> None:
    for person in (ann, bob, carla):
        held = claim_one(tickets, person)
        skipping.skip(held.token, person)
    assert Document.objects.get(pk=held.document_id).state == Document.State.DISPUTED


def test_undo_puts_the_document_back_into_the_same_hands(tickets: Project, ann: User) -> None:
    held = claim_one(tickets, ann)
    submit.submit(ann, Submission(held.token, [label(tickets, "Refund")]))
    corrections.undo(tickets.pk, ann)
    (again,) = claims.held_by(tickets.pk, ann)
    assert again.document_id == held.document_id
    done = submit.submit(ann, Submission(again.token, [label(tickets, "Billing")]))
    assert done.outcome == "counted"
    assert Annotation.objects.current().count() == 1
    assert Annotation.objects.count() == 3


def test_a_token_of_somebody_else_is_not_found(tickets: Project, ann: User, bob: User) -> None:
    held = claim_one(tickets, ann)
    with pytest.raises(LeaseNotFound):
        submit.submit(bob, Submission(held.token, [label(tickets, "Refund")]))
    with pytest.raises(LeaseNotFound):
        skipping.skip(held.token[:-1] + "x", ann)


def test_a_stranger_claims_nothing(tickets: Project, eve: User) -> None:
    with pytest.raises(NotAMember):
        claims.claim(tickets.pk, eve)


def test_two_who_disagree_make_a_dispute(make_project: Callable[..., Project], ann: User, bob: User) -> None:
    project = make_project(overlap=2)
    for person, name in ((ann, "Refund"), (bob, "Billing")):
        held = claim_one(project, person)
        done = submit.submit(person, Submission(held.token, [label(project, name)]))
    assert done.document_state == Document.State.DISPUTED


# reliability I3
def test_extending_ends_at_eight_terms(tickets: Project, ann: User, clock: Clock) -> None:
    held = claim_one(tickets, ann)
    until = claims.extend(held.token, ann)
    assert until >= held.leased_until
    clock.advance(minutes=16)
    with pytest.raises(LeaseStale):
        claims.extend(held.token, ann)


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (lambda p: Project.objects.filter(pk=p.pk).update(is_paused=True), "paused"),
        (lambda p: Project.objects.filter(pk=p.pk).update(lease_cap=1), "at_cap"),
        (lambda p: Document.objects.filter(project=p).update(state="resolved"), "complete"),
    ],
)
def test_an_empty_answer_says_why(
    tickets: Project, ann: User, prepare: Callable[[Project], None], reason: str
) -> None:
    claim_one(tickets, ann)
    prepare(tickets)
    assert claims.claim(tickets.pk, ann).empty_because == reason


def test_what_others_hold_is_named_as_leased_with_a_time(tickets: Project, ann: User, bob: User) -> None:
    claims.claim(tickets.pk, ann, 100)
    empty = claims.claim(tickets.pk, bob)
    assert empty.empty_because == "all_leased"
    assert 0 < (empty.retry_after or 0) <= 15 * 60
    assert Lease.objects.live().count() == 6
