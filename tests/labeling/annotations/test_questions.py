"""A question puts the document aside for the asker; the reply brings it back to them first."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from labeling.annotations import questions
from labeling.annotations.models import Question
from labeling.annotations.submit import Submission, submit
from labeling.desk.actions import open_desk
from labeling.documents.models import Document
from labeling.exceptions import AlreadyReplied, InvalidInput, LeaseNotFound, NotAllowed, NotFound
from labeling.explanations.selection_reason import Reply
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.queue.models import Lease, QueueEntry
from labeling.ranking import gold
from tests.fixtures.people import TEXTS, Clock, label, rank


def asked(project: Project, who: User, text: str = "Is a fee a refund?", key: str = "") -> Question:
    (held,) = claims.claim(project.pk, who).documents
    return questions.ask(held.token, who, text, key)


def texts_for(project: Project, who: User, count: int = 1) -> list[str]:
    return [held.text for held in claims.claim(project.pk, who, count).documents]


def test_a_question_puts_the_document_aside_for_the_asker_alone(
    tickets: Project, ann: User, bob: User, clock: Clock
):
    question = asked(tickets, ann)
    assert question.document.text == TEXTS[0]
    clock.advance(days=29)
    assert texts_for(tickets, ann, 6) == list(TEXTS[1:])
    assert texts_for(tickets, bob) == [TEXTS[0]]


def test_a_reply_brings_the_document_back_first_with_question_and_reply(
    tickets: Project, ann: User, carla: User
):
    rank(tickets, list(tickets.documents.order_by("-position")))
    question = asked(tickets, ann)
    questions.reply(tickets.pk, question.pk, carla, "Yes, it is.")
    rank(tickets, list(tickets.documents.exclude(pk=question.document_id)))
    (held,) = claims.claim(tickets.pk, ann, 3).documents
    assert held.document_id == question.document_id
    assert held.reason.reply == Reply("Is a fee a refund?", "Yes, it is.")
    assert held.reason.share == "margin"
    assert claims.held_by(tickets.pk, ann)[0].reason == held.reason
    submit(ann, Submission(held.token, [label(tickets, "Refund")]))
    assert question.document_id not in {d.document_id for d in claims.claim(tickets.pk, ann, 6).documents}


def test_the_desk_brings_it_back_within_its_statements(tickets: Project, ann: User, carla: User):
    question = asked(tickets, ann)
    questions.reply(tickets.pk, question.pk, carla, "Yes.")
    with CaptureQueriesContext(connection) as captured:
        desk = open_desk(tickets.pk, ann)
    assert desk.documents[0].document_id == question.document_id
    assert len([q for q in captured if "SAVEPOINT" not in q["sql"]]) <= 4


def test_a_document_that_others_have_settled_does_not_come_back(
    tickets: Project, ann: User, bob: User, carla: User
):
    question = asked(tickets, ann)
    (held,) = claims.claim(tickets.pk, bob).documents
    submit(bob, Submission(held.token, [label(tickets, "Refund")]))
    questions.reply(tickets.pk, question.pk, carla, "Yes.")
    assert texts_for(tickets, ann) == [TEXTS[1]]


def test_the_same_key_asks_once(tickets: Project, ann: User):
    (held,) = claims.claim(tickets.pk, ann).documents
    first, again = (questions.ask(held.token, ann, "Why?", "k1") for _ in range(2))
    assert first == again
    assert Question.objects.count() == 1


def test_a_question_that_comes_after_the_time_is_asked_all_the_same(
    tickets: Project, ann: User, clock: Clock
):
    (held,) = claims.claim(tickets.pk, ann).documents
    clock.advance(minutes=20)
    questions.ask(held.token, ann, "Why?")
    assert Question.objects.waiting().count() == 1


@pytest.mark.parametrize("text", ["", "  \n", "x" * 1001, "a\0b"])
def test_a_text_that_says_nothing_or_too_much_is_refused(tickets: Project, ann: User, text: str):
    (held,) = claims.claim(tickets.pk, ann).documents
    with pytest.raises(InvalidInput):
        questions.ask(held.token, ann, text)
    assert Lease.objects.get().state == "live"


def test_nobody_asks_about_somebody_else_s_lease(tickets: Project, ann: User, bob: User):
    (held,) = claims.claim(tickets.pk, ann).documents
    with pytest.raises(LeaseNotFound):
        questions.ask(held.token, bob, "Why?")


def test_adjudicators_reply_once(tickets: Project, ann: User, joan: User, carla: User, eve: User):
    question = asked(tickets, ann)
    for stranger, refusal in ((ann, NotAllowed), (eve, NotFound)):
        with pytest.raises(refusal):
            questions.reply(tickets.pk, question.pk, stranger, "Yes.")
    questions.reply(tickets.pk, question.pk, carla, "Yes.")
    questions.reply(tickets.pk, question.pk, carla, "Yes.")
    with pytest.raises(AlreadyReplied):
        questions.reply(tickets.pk, question.pk, joan, "No.")
    with pytest.raises(NotFound):
        questions.reply(tickets.pk, 0, carla, "Yes.")


def test_an_adjudicator_may_decide_instead(tickets: Project, ann: User, carla: User):
    question = asked(tickets, ann)
    document = questions.take_up(tickets.pk, question.pk, carla)
    assert document.state == Document.State.DISPUTED
    assert not Question.objects.waiting().exists()
    with pytest.raises(AlreadyReplied):
        questions.take_up(tickets.pk, question.pk, carla)


def test_a_gold_document_is_asked_about_and_comes_back_like_any_other(
    make_project: Callable[..., Project], ann: User, bob: User, joan: User, carla: User
):
    project = make_project()
    (held,) = claims.claim(project.pk, bob).documents
    submit(bob, Submission(held.token, [label(project, "Refund")]))
    gold.mark(project.pk, joan, held.document_id)
    gold.give_slots(project, [held.document_id])
    QueueEntry.objects.create(
        project=project,
        generation=project.generation,
        rank=-1,
        document_id=held.document_id,
        reason={"share": "gold", "propensity": 0.1},
    )
    question = asked(project, ann)
    assert question.document_id == held.document_id
    questions.reply(project.pk, question.pk, carla, "Look at the second line.")
    (back,) = claims.claim(project.pk, ann).documents
    assert (back.document_id, back.reason.share) == (held.document_id, "random")
