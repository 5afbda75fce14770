"""Programs ask, list and reply too."""

from collections.abc import Callable

from django.contrib.auth.models import User

from labeling.projects.models import Project
from labeling.queue import claims
from tests.labeling.api.conftest import Caller


def test_a_question_by_api_and_its_reply(tickets: Project, ann: User, bob: User, carla: User) -> None:
    (held,) = claims.claim(tickets.pk, ann).documents
    base = f"projects/{tickets.pk}/"
    body = {"token": held.token, "text": "Is a fee a refund?", "key": "a1"}
    asked, again = (Caller(ann).post(base + "leases/ask/", body) for _ in range(2))
    assert asked.status_code == 201
    assert asked.json() == again.json()
    assert asked.json()["reply"] == ""
    waiting = f"{base}questions/?waiting=true"
    assert [len(Caller(who).get(waiting).json()["results"]) for who in (ann, bob, carla)] == [1, 0, 1]
    reply = f"{base}questions/{asked.json()['id']}/reply/"
    assert Caller(carla).post(reply, {"text": "Yes."}).json()["answerer"] == "carla"
    assert Caller(carla).post(reply, {"text": "No."}).json()["code"] == "already_replied"
    assert Caller(carla).get(waiting).json()["results"] == []
    (back,) = Caller(ann).post(base + "batches/", {}).json()["documents"]
    assert back["reason"]["reply"] == {"question": "Is a fee a refund?", "text": "Yes."}


def test_a_question_needs_words_and_an_own_lease(
    tickets: Project, ann: User, bob: User, make_project: Callable[..., Project]
) -> None:
    (held,) = claims.claim(tickets.pk, ann).documents
    path = f"projects/{tickets.pk}/leases/ask/"
    assert Caller(ann).post(path, {"token": held.token, "text": ""}).status_code == 400
    assert Caller(ann).post(path, {"token": held.token, "text": "x" * 1001}).status_code == 400
    assert Caller(bob).post(path, {"token": held.token, "text": "Why?"}).status_code == 404
    other = make_project(kind="multi")
    elsewhere = f"projects/{other.pk}/leases/ask/"
    assert Caller(ann).post(elsewhere, {"token": held.token, "text": "Why?"}).status_code == 404
