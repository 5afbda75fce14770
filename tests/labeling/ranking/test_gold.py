"""Which documents measure annotators, and what does nobody see or change by answering them?"""

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, transaction

from labeling.annotations import corrections, exclusion, imported, skipping
from labeling.annotations.ground_truth import labeled_documents
from labeling.annotations.models import Annotation, Resolution
from labeling.annotations.submit import Submission, submit
from labeling.documents.models import Document
from labeling.exceptions import NotAllowed, NotFound, WrongState
from labeling.explanations.reasons import reason_sentence
from labeling.explanations.selection_reason import SelectionReason
from labeling.projects import members
from labeling.projects.models import Membership, Project
from labeling.queue import claims
from labeling.queue.models import Lease, QueueEntry
from labeling.ranking import gold
from labeling.ranking.gold import gold_answers
from tests.fixtures.people import label
from tests.fixtures.trained_project import label_rightly, train, truth

RANDOM = {"share": "random", "propensity": 0.02}


def answer(project: Project, who: User, name: str) -> int:
    """This person labels the next document; its id."""
    (held,) = claims.claim(project.pk, who).documents
    submit(who, Submission(held.token, [label(project, name)]))
    return held.document_id


def facts(document_id: int) -> tuple[str, str | None, str | None]:
    """State, how it is settled, and by which class."""
    document = Document.objects.get(pk=document_id)
    resolution = Resolution.objects.filter(document=document).first()
    labels = resolution.annotation.labels.all() if resolution else []
    how = resolution.how if resolution else None
    return document.state, how, next((label.label_class.name for label in labels), None)


def serve(project: Project, document_id: int) -> None:
    """Give it a free slot and put it first."""
    assert gold.give_slots(project, [document_id]) == [document_id]
    first = QueueEntry.objects.filter(project=project).order_by("rank").values_list("rank", flat=True).first()
    QueueEntry.objects.filter(project=project, document=document_id).delete()
    QueueEntry.objects.create(
        project=project,
        generation=project.generation,
        rank=(first or 0) - 1,
        document_id=document_id,
        reason=RANDOM | {"share": "gold"},
    )


@pytest.fixture
def golden(tickets: Project, joan: User, ann: User) -> int:
    """A document that Ann called Refund and Joan marked as gold, first in the queue."""
    Project.objects.filter(pk=tickets.pk).update(grouped_count=tickets.document_count)
    document = answer(tickets, ann, "Refund")
    gold.mark(tickets.pk, joan, document)
    serve(tickets, document)
    return document


def test_a_gold_document_goes_to_everybody_once_and_stays_as_it_is(
    tickets: Project, ann: User, bob: User, carla: User, golden: int
) -> None:
    assert answer(tickets, ann, "Billing") != golden
    assert answer(tickets, bob, "Billing") == golden
    assert answer(tickets, bob, "Billing") != golden
    assert not QueueEntry.objects.filter(document=golden).exists()
    serve(tickets, golden)
    assert answer(tickets, carla, "Billing") == golden
    assert facts(golden) == ("resolved", "gold", "Refund")
    assert Document.objects.get(pk=golden).extra_slots == 2


def test_two_never_hold_one_slot_of_it(tickets: Project, bob: User, carla: User, golden: int) -> None:
    (held,) = claims.claim(tickets.pk, bob).documents
    (other,) = claims.claim(tickets.pk, carla).documents
    assert (held.document_id, other.document_id == golden) == (golden, False)
    serve(tickets, golden)
    (other,) = claims.claim(tickets.pk, carla).documents
    assert other.document_id == golden


# reliability J1
def test_it_looks_like_a_document_drawn_at_random(tickets: Project, bob: User, golden: int) -> None:
    (held,) = claims.claim(tickets.pk, bob).documents
    assert (held.document_id, held.reason) == (golden, SelectionReason("random"))
    assert [again.reason for again in claims.held_by(tickets.pk, bob)] == [SelectionReason("random")]
    assert claims.claim(tickets.pk, bob, key="k").documents[0].reason.share != "gold"
    assert Lease.objects.get(document=golden, annotator=bob).reason["share"] == "gold"
    assert "known label" in reason_sentence(SelectionReason("gold"), {})


def test_it_can_be_undone_and_corrected_like_any_other(tickets: Project, bob: User, golden: int) -> None:
    answer(tickets, bob, "Billing")
    corrections.undo(tickets.pk, bob)
    assert facts(golden) == ("resolved", "gold", "Refund")
    (held,) = claims.held_by(tickets.pk, bob)
    submit(bob, Submission(held.token, [label(tickets, "Delivery")]))
    own = Lease.objects.get(document=golden, annotator=bob).annotation_id
    done = corrections.correct(tickets.pk, bob, own or 0, [label(tickets, "Refund")])
    assert done.outcome == "counted"
    assert [answer.is_right for answer in gold_answers(tickets.pk)] == [True]


def test_it_can_be_skipped_by_three_without_a_dispute(
    tickets: Project, joan: User, bob: User, carla: User, golden: int
) -> None:
    for who in (joan, bob, carla):
        serve(tickets, golden)
        (held,) = claims.claim(tickets.pk, who).documents
        assert held.document_id == golden
        skipping.skip(held.token, who)
    assert facts(golden) == ("resolved", "gold", "Refund")


def test_the_gold_answer_trains_whatever_annotators_say(tickets: Project, bob: User, golden: int) -> None:
    answer(tickets, bob, "Billing")
    (document,) = labeled_documents(tickets.pk, "pool")
    assert (document.document_id, document.classes) == (golden, {label(tickets, "Refund").label_class})


# reliability J1
def test_the_report_tells_what_each_was_given_and_what_is_right(
    tickets: Project, ann: User, bob: User, carla: User, golden: int
) -> None:
    answer(tickets, bob, "Billing")
    serve(tickets, golden)
    answer(tickets, carla, "Refund")
    result = {answer.annotator_id: answer for answer in gold_answers(tickets.pk)}
    assert {pk: answer.is_right for pk, answer in result.items()} == {bob.pk: False, carla.pk: True}
    assert ann.pk not in result  # her answer was there before: it is where the gold comes from
    assert result[bob.pk].answered == {(label(tickets, "Billing").label_class, None, None)}
    assert result[bob.pk].gold == result[carla.pk].answered


def test_imported_gold_is_gold_and_other_imports_are_not(tickets: Project, bob: User) -> None:
    first, second = Document.objects.filter(project=tickets)[:2]
    imported.record(tickets, [(first.pk, [label(tickets, "Refund")])], Annotation.Source.GOLD)
    imported.record(tickets, [(second.pk, [label(tickets, "Refund")])])
    assert (facts(first.pk)[1], facts(second.pk)[1]) == ("gold", "imported")
    serve(tickets, first.pk)
    assert answer(tickets, bob, "Billing") == first.pk
    assert facts(first.pk) == ("resolved", "gold", "Refund")
    assert gold.give_slots(tickets, [second.pk]) == []


def test_only_managers_mark_only_settled_documents(
    tickets: Project, joan: User, ann: User, bob: User, eve: User
) -> None:
    fresh = Document.objects.filter(project=tickets).first()
    assert fresh
    with pytest.raises(WrongState):
        gold.mark(tickets.pk, joan, fresh.pk)
    document = answer(tickets, ann, "Refund")
    with pytest.raises(NotAllowed):
        gold.mark(tickets.pk, bob, document)
    with pytest.raises(NotFound):
        gold.mark(tickets.pk, eve, document)
    gold.mark(tickets.pk, joan, document)
    gold.mark(tickets.pk, joan, document)
    assert Annotation.objects.filter(document=document, source=Annotation.Source.GOLD).count() == 1


def test_taken_back_it_is_settled_by_what_was_said(
    tickets: Project, joan: User, bob: User, carla: User, golden: int
) -> None:
    answer(tickets, bob, "Billing")
    serve(tickets, golden)
    answer(tickets, carla, "Billing")
    gold.unmark(tickets.pk, joan, golden)
    gold.unmark(tickets.pk, joan, golden)
    assert facts(golden) == ("resolved", "majority", "Billing")
    assert gold_answers(tickets.pk) == []


def test_taken_back_without_other_answers_it_is_open(tickets: Project, joan: User) -> None:
    first = Document.objects.filter(project=tickets)[0]
    imported.record(tickets, [(first.pk, [label(tickets, "Refund")])], Annotation.Source.GOLD)
    gold.unmark(tickets.pk, joan, first.pk)
    assert facts(first.pk) == ("open", None, None)


def test_an_excluded_one_comes_back_as_gold(tickets: Project, joan: User, golden: int) -> None:
    exclusion.exclude(tickets.pk, joan, golden)
    assert not QueueEntry.objects.filter(document=golden).exists()
    exclusion.include(tickets.pk, joan, golden)
    assert facts(golden) == ("resolved", "gold", "Refund")


def test_more_overlap_leaves_it_settled(tickets: Project, joan: User, golden: int) -> None:
    exclusion.change(tickets.pk, joan, overlap=3)
    assert facts(golden) == ("resolved", "gold", "Refund")


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (lambda pk: Document.objects.filter(pk=pk).update(state="disputed"), "a_gold_document_is_settled"),
        (lambda pk: Resolution.objects.filter(pk=pk).update(how="majority"), "gold_stays_settled"),
        (lambda pk: Resolution.objects.filter(pk=pk).delete(), "gold_stays_settled"),
    ],
)
def test_the_database_keeps_it_settled(golden: int, change: object, refusal: str) -> None:
    assert callable(change)
    with pytest.raises(DatabaseError, match=refusal), transaction.atomic():
        change(golden)


def make_gold(untrained: Project, joan: User, count: int) -> set[int]:
    settled = Document.objects.pool().filter(project=untrained, state="resolved").values_list("pk", flat=True)
    for pk in settled[:count]:
        gold.mark(untrained.pk, joan, pk)
    return set(settled[:count])


def shares(untrained: Project) -> dict[int, str]:
    return {entry.document_id: entry.reason["share"] for entry in QueueEntry.objects.live(untrained)}


def test_one_in_fifty_of_the_head_is_gold(
    untrained: Project, joan: User, ann: User, bob: User, carla: User
) -> None:
    label_rightly(untrained, ann, 15)
    label_rightly(untrained, bob, 15)
    marked = make_gold(untrained, joan, 12)
    train(untrained)
    head = shares(untrained)
    served = {pk for pk, share in head.items() if share == "gold"}
    assert served <= marked
    assert len(served) == round(0.02 * (len(head) - len(served))) == 1
    entry = QueueEntry.objects.live(untrained).get(document__in=served)
    alike = [e.reason for e in QueueEntry.objects.live(untrained) if e.reason["share"] == "random"]
    assert entry.reason.keys() == alike[0].keys()
    assert entry.reason["propensity"] == alike[0]["propensity"]


def test_no_gold_where_it_says_little_or_would_show(
    untrained: Project, joan: User, ann: User, bob: User
) -> None:
    label_rightly(untrained, ann, 30)
    make_gold(untrained, joan, 12)
    train(untrained)
    assert "gold" not in shares(untrained).values()  # nobody but Ann labels
    label_rightly(untrained, bob, 2)
    Project.objects.filter(pk=untrained.pk).update(strategy=Project.Strategy.MARGIN)
    train(untrained)
    assert "gold" not in shares(untrained).values()  # nothing else is drawn at random
    Project.objects.filter(pk=untrained.pk).update(strategy=Project.Strategy.DEFAULT)
    for pk in Document.objects.filter(project=untrained, is_gold=True).values_list("pk", flat=True)[:3]:
        gold.unmark(untrained.pk, joan, pk)
    train(untrained)
    assert "gold" not in shares(untrained).values()  # nine are too few


def test_what_all_have_seen_is_not_served_again(untrained: Project, joan: User, ann: User, bob: User) -> None:
    label_rightly(untrained, ann, 15)
    label_rightly(untrained, bob, 15)
    marked = make_gold(untrained, joan, 12)
    for pk in sorted(marked):
        for who in (ann, bob):
            if Lease.objects.filter(document=pk, annotator=who).exists():
                continue
            serve(untrained, pk)
            (held,) = claims.claim(untrained.pk, who).documents
            assert held.document_id == pk
            submit(who, Submission(held.token, [label(untrained, truth(held.text))]))
    train(untrained)
    assert "gold" not in shares(untrained).values()
    assert all(answer.is_right for answer in gold_answers(untrained.pk))
    assert len(gold_answers(untrained.pk)) == 12


def test_a_new_member_who_labels_gets_them(
    untrained: Project, joan: User, ann: User, bob: User, eve: User
) -> None:
    test_what_all_have_seen_is_not_served_again(untrained, joan, ann, bob)
    members.add_member(untrained.pk, joan, eve, Membership.Role.ANNOTATOR)
    label_rightly(untrained, eve, 1)
    train(untrained)
    assert "gold" in shares(untrained).values()
