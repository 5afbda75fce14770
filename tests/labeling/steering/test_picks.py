"""What becomes of documents that a manager sends to the queue, and what if they take them back?"""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import strategies as st

from labeling import worker
from labeling.annotations import adjudication, corrections, exclusion
from labeling.annotations.ground_truth import labeled_documents
from labeling.annotations.models import Resolution
from labeling.annotations.submit import Submission, submit
from labeling.documents.models import Document
from labeling.documents.slices import MAX_FURTHER_CONDITIONS, Condition, Slice
from labeling.exceptions import InvalidInput, NotAllowed, NotFound
from labeling.explanations.model_evidence import shows_prediction
from labeling.explanations.reasons import reason_sentence
from labeling.explanations.selection_reason import Measures, SelectionReason
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.management.invariants import INVARIANTS, breaches
from labeling.projects import members
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.queue.models import QueueEntry
from labeling.ranking import gold
from labeling.steering import picks
from labeling.steering.models import Pick
from tests.fixtures.people import label
from tests.fixtures.trained_project import label_rightly, train


def rank(project: Project) -> list[QueueEntry]:
    assert worker.run_job(project.pk, Job.Kind.RANK)
    project.refresh_from_db()
    return list(QueueEntry.objects.live(project))


def document(project: Project, name: str) -> Document:
    return Document.objects.get(project=project, external_id=name)


def answer(project: Project, who: User, name: str) -> int:
    (held,) = claims.claim(project.pk, who).documents
    submit(who, Submission(held.token, [label(project, name)]))
    return held.document_id


def open_ids(project: Project) -> list[int]:
    open_ones = Document.objects.filter(project=project, state="open", split="pool")
    return list(open_ones.order_by("-position").values_list("pk", flat=True))


@pytest.fixture
def settled(tickets: Project, ann: User) -> int:
    """A document that Ann called Refund."""
    Project.objects.filter(pk=tickets.pk).update(grouped_count=tickets.document_count)
    return answer(tickets, ann, "Refund")


def test_picked_documents_come_at_their_share_from_the_first_place_on(
    untrained: Project, joan: User, ann: User
) -> None:
    wanted = open_ids(untrained)[:6]
    done = picks.pick(untrained.pk, joan, wanted, "Long texts of  Delivery.")
    assert (done.waiting, done.left_out) == (6, {})
    head = rank(untrained)
    indices = [index for index, entry in enumerate(head) if entry.reason["share"] == "picked"]
    assert indices == [1, 5, 8, 11, 15, 18]
    assert [head[index].document_id for index in indices] == wanted
    assert len({entry.document_id for entry in head}) == len(head)
    sentence = "Selected by a manager: Long texts of Delivery."
    assert reason_sentence(SelectionReason.from_json(head[1].reason), {}, False) == sentence


def test_with_a_model_they_come_as_well_and_test_documents_show_no_suggestion(
    untrained: Project, joan: User, ann: User
) -> None:
    label_rightly(untrained, ann, 24)
    train(untrained)
    test = Document.objects.test_set().filter(project=untrained, state="open").first()
    assert test
    pool = open_ids(untrained)[0]
    picks.pick(untrained.pk, joan, [test.pk, pool], "The model says Refund")
    reasons = {entry.document_id: SelectionReason.from_json(entry.reason) for entry in rank(untrained)}
    assert {reasons[test.pk].share, reasons[pool].share} == {"picked"}
    assert shows_prediction(reasons[pool], True)
    assert reasons[pool].evidence.top
    assert not shows_prediction(reasons[test.pk], True)
    assert "Refund" not in reason_sentence(reasons[test.pk], {})


def test_a_settled_document_gets_one_more_answer_by_somebody_else(
    tickets: Project, joan: User, ann: User, bob: User, settled: int
) -> None:
    assert picks.pick(tickets.pk, joan, [settled], "Labeled Refund; is it?").waiting == 1
    (document,) = labeled_documents(tickets.pk, "pool")
    assert document.document_id == settled  # its answer goes on training
    entry = next(entry for entry in rank(tickets) if entry.document_id == settled)
    assert SelectionReason.from_json(entry.reason) == SelectionReason("picked", measures=Measures.PEOPLE)
    assert settled not in {held.document_id for held in claims.claim(tickets.pk, ann, 10).documents}
    assert answer(tickets, bob, "Refund") == settled
    assert Resolution.objects.get(document=settled).how == "agreed"
    assert not Pick.objects.standing().exists()


def test_what_cannot_be_labeled_is_told_by_why(
    tickets: Project, joan: User, ann: User, carla: User, settled: int
) -> None:
    other = answer(tickets, ann, "Billing")
    gold.mark(tickets.pk, joan, other)
    excluded, disputed, decided = (document(tickets, name).pk for name in ("t2", "t3", "t4"))
    exclusion.exclude(tickets.pk, joan, excluded)
    Document.objects.filter(pk__in=[disputed, decided]).update(state="disputed")
    adjudication.decide(tickets.pk, decided, carla, [label(tickets, "Refund")])
    done = picks.pick(tickets.pk, joan, [settled, other, excluded, disputed, decided, 10**9], "All")
    assert done.left_out == {"gold": 1, "excluded": 1, "disputed": 1, "decided": 1, "unknown": 1}
    assert done.waiting == 1


def test_a_team_of_one_is_told_that_nobody_else_is_there(tickets: Project, joan: User, settled: int) -> None:
    for member in tickets.memberships.exclude(user__username="ann").exclude(user=joan):
        members.remove_member(tickets.pk, joan, member.user)
    (held,) = claims.claim(tickets.pk, joan).documents
    submit(joan, Submission(held.token, [label(tickets, "Refund")]))
    tickets.memberships.filter(user__username="ann").update(removed_at="2026-01-01T00:00Z")
    done = picks.pick(tickets.pk, joan, [held.document_id], "Again")
    assert (done.pick, done.left_out) == (None, {"nobody_left": 1})
    assert Document.objects.get(pk=held.document_id).state == "resolved"
    assert not Pick.objects.exists()


def test_a_pick_taken_back_leaves_the_queue_as_it_was(
    tickets: Project, joan: User, settled: int, ann: User
) -> None:
    waiting = document(tickets, "t5").pk
    row = picks.pick(tickets.pk, joan, [settled, waiting], "Again").pick
    assert row
    assert picks.end_pick(tickets.pk, joan, row.pk)
    assert not picks.end_pick(tickets.pk, joan, row.pk)
    assert Resolution.objects.get(document=settled).how == "agreed"
    assert Document.objects.get(pk=settled).extra_slots == 0
    assert not picks.waiting_entries(tickets, 10)
    assert not [breach for promise in INVARIANTS for breach in breaches(promise)]


def test_taking_back_leaves_what_another_pick_or_somebody_s_hands_hold(
    tickets: Project, joan: User, ann: User, bob: User, settled: int
) -> None:
    first = picks.pick(tickets.pk, joan, [settled], "Again").pick
    second = picks.pick(tickets.pk, joan, [settled], "And again").pick
    assert first
    assert second
    picks.end_pick(tickets.pk, joan, first.pk)
    assert Document.objects.get(pk=settled).state == "open"
    rank(tickets)
    (held,) = claims.claim(tickets.pk, bob).documents
    assert held.document_id == settled
    picks.end_pick(tickets.pk, joan, second.pk)
    submit(bob, Submission(held.token, [label(tickets, "Billing")]))
    assert Document.objects.get(pk=settled).state == "disputed"
    assert not [breach for promise in INVARIANTS for breach in breaches(promise)]


def test_an_answer_undone_meanwhile_leaves_a_document_that_waits_like_others(
    tickets: Project, joan: User, ann: User, settled: int
) -> None:
    row = picks.pick(tickets.pk, joan, [settled], "Again").pick
    assert row
    corrections.undo(tickets.pk, ann)
    claims.release(claims.held_by(tickets.pk, ann)[0].token, ann)
    picks.end_pick(tickets.pk, joan, row.pk)
    document = Document.objects.get(pk=settled)
    assert (document.state, document.extra_slots) == ("open", 0)
    assert not [breach for promise in INVARIANTS for breach in breaches(promise)]


def test_picks_take_turns_so_that_a_small_one_does_not_wait_for_a_large_one(
    untrained: Project, joan: User
) -> None:
    ids = open_ids(untrained)
    picks.pick(untrained.pk, joan, ids[:20], "Many")
    picks.pick(untrained.pk, joan, ids[19:21], "Few")
    assert [pk for pk, _reason in picks.waiting_entries(untrained, 4)] == [ids[19], ids[0], ids[20], ids[1]]


def test_only_managers_pick_and_a_pick_of_another_project_is_not_there(
    tickets: Project, make_project: Callable[..., Project], joan: User, ann: User
) -> None:
    here = document(tickets, "t0").pk
    with pytest.raises(NotAllowed):
        picks.pick(tickets.pk, ann, [here], "Mine")
    elsewhere = make_project(kind="multi")
    assert picks.pick(elsewhere.pk, joan, [here], "Foreign").left_out == {"unknown": 1}
    row = picks.pick(tickets.pk, joan, [here], "Here").pick
    assert row
    with pytest.raises(NotFound):
        picks.end_pick(elsewhere.pk, joan, row.pk)
    for ids, reason in (([], "None"), (range(501), "Many"), ([here], " \0 ")):
        with pytest.raises(InvalidInput):
            picks.pick(tickets.pk, joan, list(ids), reason)


def test_a_slice_of_the_pool_is_drawn_at_random_without_what_waits_already(
    untrained: Project, joan: User
) -> None:
    Document.objects.filter(project=untrained, position__lt=30).update(metadata={"source": "mail"})
    mails = Slice("source", "mail")
    outbox.enqueue(untrained.pk, Job.Kind.RANK)
    first = picks.pick_from_pool(untrained.pk, joan, where=mails, count=20, reason="Mails")
    second = picks.pick_from_pool(untrained.pk, joan, where=mails, count=20, reason="More mails")
    assert (first.waiting, second.waiting) == (20, 10)
    assert picks.pick_from_pool(untrained.pk, joan, where=mails, count=1, reason="None left").pick is None
    picked = Document.objects.filter(pk__in=[pk for pk, _ in picks.waiting_entries(untrained, 99)])
    assert {document.metadata["source"] for document in picked} == {"mail"}
    order = list(picked.order_by("position").values_list("pk", flat=True))
    assert order != [pk for pk, _ in picks.waiting_entries(untrained, 99)]


@given(
    field=st.sampled_from(["", "source", "urgent"]),
    value=st.sampled_from(["", "mail", "true", "3"]),
    least=st.integers(0, 300),
    below=st.none() | st.integers(1, 300),
    twins=st.none() | st.booleans(),
    also=st.lists(
        st.builds(Condition, st.just("language"), st.sampled_from(["", "de"]))
        | st.builds(Condition, st.just("year"), least=st.floats(-9e9, 9e9), below=st.none() | st.floats(0, 1))
        | st.builds(Condition, st.just("year"), below=st.floats(0, 1)),
        max_size=MAX_FURTHER_CONDITIONS,
    ),
)
def test_a_slice_survives_its_address(
    field: str, value: str, least: int, below: int | None, twins: bool | None, also: list[Condition]
) -> None:
    where = Slice(field, value if field else "", least, below, twins, tuple(also))
    assert Slice.read(where.query) == where
