"""A question on its way: asked at the desk, replied to on the disputes page, read where it comes back."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from labeling.annotations import questions
from labeling.annotations.models import Question
from labeling.documents.models import Document
from labeling.projects.models import Project
from labeling.queue import claims
from tests.fixtures.people import TEXTS


def url(project: Project, name: str, *more: int) -> str:
    return reverse(f"labeling:{name}", args=[project.pk, *more])


def signed_in(who: User) -> Client:
    client = Client()
    client.force_login(who)
    return client


@pytest.fixture
def question(tickets: Project, ann: User) -> Question:
    (held,) = claims.claim(tickets.pk, ann).documents
    return questions.ask(held.token, ann, "Is a <b>fee</b> a refund?")


def test_asking_at_the_desk_goes_on_with_the_next_document(tickets, ann):
    client = signed_in(ann)
    token = client.get(url(tickets, "label")).context["document"].token
    answer = client.post(url(tickets, "ask"), {"token": token, "text": "Why?", "key": "k"}, follow=True)
    assert answer.context["document"].text == TEXTS[1]
    assert "The document comes back to you with the reply." in answer.content.decode()
    assert Question.objects.get().text == "Why?"
    empty = client.post(url(tickets, "ask"), {"token": answer.context["document"].token}, follow=True)
    assert "Write between 1 and 1000 characters." in empty.content.decode()
    assert empty.context["document"].text == TEXTS[1]


def test_adjudicators_see_what_waits_and_reply(tickets, question, carla, ann):
    adjudicator = signed_in(carla)
    assert "1 question" in adjudicator.get(reverse("labeling:projects")).content.decode()
    page = adjudicator.get(url(tickets, "disputes")).content.decode()
    assert "1 question waiting for a reply" in page
    assert "Is a &lt;b&gt;fee&lt;/b&gt; a refund?" in page
    assert TEXTS[0] in page
    reply = url(tickets, "reply", question.pk)
    assert "Write between" in adjudicator.post(reply, {"text": ""}, follow=True).content.decode()
    assert "Reply sent." in adjudicator.post(reply, {"text": "Yes."}, follow=True).content.decode()
    assert "already" in adjudicator.post(reply, {"text": "No."}, follow=True).content.decode()
    annotator = signed_in(ann)
    mine = annotator.get(url(tickets, "mine")).content.decode()
    assert "Yes." in mine
    back = annotator.get(url(tickets, "label")).content.decode()
    assert TEXTS[0] in back
    assert "Is a &lt;b&gt;fee&lt;/b&gt; a refund?" in back
    assert "Yes." in back


def test_an_adjudicator_decides_in_place_of_a_reply(tickets, question, carla):
    adjudicator = signed_in(carla)
    answer = adjudicator.post(url(tickets, "reply", question.pk), {"text": "", "decide": "yes"})
    assert answer["Location"] == url(tickets, "dispute", question.document_id)
    assert Document.objects.get(pk=question.document_id).state == "disputed"
    assert adjudicator.get(answer["Location"]).status_code == 200


def test_annotators_reply_to_nothing_and_see_their_own_questions(tickets, question, ann, bob):
    assert signed_in(ann).post(url(tickets, "reply", question.pk), {"text": "Yes."}).status_code == 403
    assert "Is a" in signed_in(ann).get(url(tickets, "mine")).content.decode()
    assert "Is a" not in signed_in(bob).get(url(tickets, "mine")).content.decode()
    assert "1 question" not in signed_in(ann).get(reverse("labeling:projects")).content.decode()
