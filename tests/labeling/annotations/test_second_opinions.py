"""Which answers does somebody else confirm, and what becomes of the document meanwhile?"""

from collections.abc import Sequence

import pytest
from django.contrib.auth.models import User

from labeling.annotations import corrections, exclusion, second_opinions, skipping
from labeling.annotations.ground_truth import labeled_documents
from labeling.annotations.models import Resolution
from labeling.annotations.submit import Submission, submit
from labeling.documents.models import Document
from labeling.projects import members
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.queue.models import QueueEntry
from labeling.steering import actions
from tests.fixtures.people import label
from tests.fixtures.trained_project import label_rightly, train, truth


def answer(project: Project, who: User, name: str, document_id: int | None = None) -> int:
    """This person labels the next document (which must be this one); its id."""
    (held,) = claims.claim(project.pk, who).documents
    assert document_id in (None, held.document_id)
    submit(who, Submission(held.token, [label(project, name)]))
    return held.document_id


def state(document_id: int) -> str:
    return Document.objects.values_list("state", flat=True).get(pk=document_id)


def put_first(project: Project, document_id: int) -> None:
    QueueEntry.objects.create(
        project=project,
        generation=project.generation,
        rank=-1,
        document_id=document_id,
        reason={"share": "second_opinion", "given": 1},
    )


@pytest.fixture
def asked(tickets: Project, ann: User) -> int:
    """A document that Ann called Refund, opened for a second opinion and first in the queue."""
    Project.objects.filter(pk=tickets.pk).update(grouped_count=tickets.document_count)
    document = answer(tickets, ann, "Refund")
    assert second_opinions.ask(tickets.pk, [document]) == [document]
    put_first(tickets, document)
    return document


def test_a_second_opinion_goes_to_somebody_else_and_settles_the_document(
    tickets: Project, ann: User, bob: User, asked: int
) -> None:
    assert state(asked) == "open"
    assert asked not in {held.document_id for held in claims.claim(tickets.pk, ann, 10).documents}
    assert answer(tickets, bob, "Refund") == asked
    assert Resolution.objects.get(document=asked).how == "agreed"


def test_two_that_disagree_are_a_dispute(tickets: Project, bob: User, asked: int) -> None:
    answer(tickets, bob, "Billing", asked)
    assert state(asked) == "disputed"


def test_the_answer_that_is_there_goes_on_training(tickets: Project, asked: int) -> None:
    (document,) = labeled_documents(tickets.pk, "pool")
    assert (document.document_id, document.classes) == (asked, {label(tickets, "Refund").label_class})


def test_a_test_document_goes_on_measuring(tickets: Project, asked: int) -> None:
    Document.objects.filter(pk=asked).update(split="test")
    assert [document.document_id for document in labeled_documents(tickets.pk, "test")] == [asked]


def test_asking_twice_asks_once_and_no_document_is_seen_by_a_fourth(
    tickets: Project, ann: User, bob: User, carla: User, asked: int
) -> None:
    assert second_opinions.ask(tickets.pk, [asked]) == []
    answer(tickets, bob, "Refund", asked)
    assert second_opinions.ask(tickets.pk, [asked]) == [asked]
    assert Document.objects.get(pk=asked).extra_slots == 2
    put_first(tickets, asked)
    answer(tickets, carla, "Refund", asked)
    assert second_opinions.ask(tickets.pk, [asked]) == []


def test_an_undone_answer_of_either_leaves_a_queue_that_holds(
    tickets: Project, ann: User, bob: User, asked: int
) -> None:
    corrections.undo(tickets.pk, ann)
    assert state(asked) == "open"
    (held,) = claims.held_by(tickets.pk, ann)
    submit(ann, Submission(held.token, [label(tickets, "Billing")]))
    assert state(asked) == "open"
    answer(tickets, bob, "Billing", asked)
    assert state(asked) == "resolved"
    corrections.undo(tickets.pk, bob)
    assert state(asked) == "open"


def test_less_overlap_since_then_leaves_no_document_open_that_wants_nothing(
    tickets: Project, joan: User, ann: User, bob: User
) -> None:
    exclusion.change(tickets.pk, joan, overlap=2)
    document = answer(tickets, ann, "Refund")
    answer(tickets, bob, "Refund", document)
    exclusion.change(tickets.pk, joan, overlap=1)
    assert second_opinions.ask(tickets.pk, [document]) == [document]
    assert Document.objects.get(pk=document).extra_slots == 2


def test_decided_and_excluded_documents_are_left_alone(tickets: Project, joan: User, ann: User) -> None:
    document = answer(tickets, ann, "Refund")
    exclusion.exclude(tickets.pk, joan, document)
    assert second_opinions.ask(tickets.pk, [document]) == []
    assert state(document) == "excluded"


def test_a_second_opinion_that_nobody_is_left_to_give_is_taken_back(
    tickets: Project, joan: User, bob: User, carla: User, asked: int
) -> None:
    (held,) = claims.claim(tickets.pk, joan).documents
    skipping.skip(held.token, joan)
    assert second_opinions.give_up(tickets) == 0  # Bob and Carla could
    members.remove_member(tickets.pk, joan, bob)
    members.remove_member(tickets.pk, joan, carla)
    assert second_opinions.give_up(tickets) == 1
    assert (state(asked), Document.objects.get(pk=asked).extra_slots) == ("resolved", 0)
    assert second_opinions.give_up(tickets) == 0


def label_with_mistakes(project: Project, people: Sequence[User], count: int, wrong: set[int]) -> set[int]:
    """Label in turns, some wrongly. Returns the documents with a wrong label."""
    names = sorted({"Refund", "Billing", "Delivery"})
    mistaken = set()
    for number in range(count):
        who = people[number % len(people)]
        (held,) = claims.claim(project.pk, who).documents
        name = truth(held.text)
        if number in wrong:
            name = names[(names.index(name) + 1) % 3]
            mistaken.add(held.document_id)
        submit(who, Submission(held.token, [label(project, name)]))
    return mistaken


def test_wrong_labels_are_doubted_and_come_back_to_the_other_annotator(
    untrained: Project, ann: User, bob: User
) -> None:
    mistaken = label_with_mistakes(untrained, [ann, bob], 60, wrong={20, 33, 41})
    train(untrained)
    waiting = set(Document.objects.filter(project=untrained, extra_slots__gt=0).values_list("pk", flat=True))
    assert waiting & mistaken
    entries = {e.document_id: e.reason for e in QueueEntry.objects.live(untrained)}
    for document in waiting:
        assert entries[document]["share"] == "second_opinion"
        assert entries[document]["posterior"] < 0.75
    first = [e.document_id for e in QueueEntry.objects.live(untrained)[:30] if e.document_id in waiting]
    assert len(first) == min(3, len(waiting))  # one in ten
    assert first[0] in mistaken  # the most doubtful first


def test_no_more_wait_than_the_share_allows_and_a_project_of_one_annotator_asks_nobody(
    untrained: Project, ann: User, bob: User
) -> None:
    label_with_mistakes(untrained, [ann], 60, wrong=set(range(10, 40, 2)))
    train(untrained)
    assert not Document.objects.filter(project=untrained, extra_slots__gt=0).exists()
    label_rightly(untrained, bob, 5)
    for _ in range(3):
        train(untrained)
        assert 0 < Document.objects.filter(project=untrained, extra_slots__gt=0).count() <= 0.1 * 2 * 60


def test_a_manager_can_do_without_second_opinions(
    untrained: Project, joan: User, ann: User, bob: User
) -> None:
    actions.change_mix(untrained.pk, joan, random=10, weak_class=40, second_opinion=0, seed_words=0)
    label_with_mistakes(untrained, [ann, bob], 60, wrong={20, 33, 41})
    train(untrained)
    assert not Document.objects.filter(project=untrained, extra_slots__gt=0).exists()
