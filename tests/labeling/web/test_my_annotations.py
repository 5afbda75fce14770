"""Does my list of answers let me change them without leading me away?"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from labeling.annotations import submit
from labeling.annotations.models import Annotation
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.queue.models import Lease
from tests.fixtures.people import label
from tests.fixtures.saved_projects import Restore


def text(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).replace("&#x27;", "'").split())


@pytest.fixture
def many(restore: Restore, make_project: Callable[..., Project], ann: User) -> Project:
    """A project in which Ann has answered thirty documents: two pages of them."""
    return restore("thirty answers", lambda: answer_thirty(make_project, ann))


def answer_thirty(make_project: Callable[..., Project], ann: User) -> Project:
    project = make_project(texts=[f"Ticket number {n}, about a parcel." for n in range(31)])
    for _ in range(30):
        held = claims.claim(project.pk, ann).documents[0]
        submit.submit(ann, submit.Submission(held.token, [label(project, "Delivery")]))
    return project


def take_back(client: Client, project: Project, answer: Annotation, page: str) -> Any:
    address = reverse("labeling:take_back", args=[project.pk, answer.pk])
    return client.post(address, {"page": page}, follow=True)


def test_an_answer_is_taken_back_from_the_list_and_the_list_stays(
    client: Client, ann: User, many: Project
) -> None:
    client.force_login(ann)
    oldest = Annotation.objects.filter(project=many).earliest("pk")
    answer = take_back(client, many, oldest, "2")
    assert answer.redirect_chain == [(reverse("labeling:mine", args=[many.pk]) + "?page=2", 302)]
    assert "Annotation of t0 withdrawn. The document is assigned to you again." in text(answer)
    lease = Lease.objects.live().get(project=many, annotator=ann)
    again = f"{reverse('labeling:label', args=[many.pk])}?lease={lease.pk}"
    assert f'href="{again}"' in answer.content.decode()
    assert "Ticket number 0," in text(client.get(again))


def test_what_can_no_longer_be_taken_back_is_said_in_the_list(
    client: Client, ann: User, many: Project
) -> None:
    client.force_login(ann)
    latest = Annotation.objects.filter(project=many).latest("pk")
    take_back(client, many, latest, "1")
    answer = take_back(client, many, latest, "x")
    assert answer.redirect_chain == [(reverse("labeling:mine", args=[many.pk]), 302)]
    assert "You have no annotation here to undo." in text(answer)


def test_a_stranger_takes_nothing_back(client: Client, bob: User, eve: User, many: Project) -> None:
    latest = Annotation.objects.filter(project=many).latest("pk")
    client.force_login(eve)
    assert take_back(client, many, latest, "").status_code == 404
    client.force_login(bob)
    take_back(client, many, latest, "")
    assert not hasattr(latest, "superseded_by")


def test_a_change_leads_back_to_the_page_of_the_list(client: Client, ann: User, many: Project) -> None:
    client.force_login(ann)
    oldest = Annotation.objects.filter(project=many).earliest("pk")
    listed = client.get(reverse("labeling:mine", args=[many.pk]), {"page": "2"}).content.decode()
    address = reverse("labeling:correct", args=[many.pk, oldest.pk]) + "?page=2"
    assert f'href="{address}"' in listed
    refund = str(many.classes.get(name="Refund").pk)
    assert (
        client.post(address, {"label_class": refund})
        .headers["Location"]
        .endswith("/label/annotations/?page=2")
    )


def test_a_document_has_one_name_on_every_page(
    client: Client, joan: User, ann: User, tickets: Project
) -> None:
    tickets.documents.update(external_id=None)
    first = tickets.documents.earliest("position")
    client.force_login(ann)
    assert (
        '<span dir="auto">#0</span>'
        in client.get(reverse("labeling:label", args=[tickets.pk])).content.decode()
    )
    held = claims.held_by(tickets.pk, ann)[0]
    assert str(held) == str(first) == "#0"
    submit.submit(ann, submit.Submission(held.token, [label(tickets, "Refund")]))
    assert "#0 ·" in text(client.get(reverse("labeling:mine", args=[tickets.pk])))
    client.force_login(joan)
    assert "#0" in text(client.get(reverse("labeling:document", args=[tickets.pk, first.pk])))
