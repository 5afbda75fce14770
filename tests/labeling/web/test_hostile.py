"""What may a request hold? Anything: the desk answers it in words, and never with an error of its own."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from labeling.annotations.models import Annotation
from labeling.desk.actions import open_desk
from labeling.projects.models import Project
from labeling.web.desk import operations
from tests.labeling.web.test_desk import url
from tests.labeling.web.test_prefetch import annotator, answered, operation, save, shown
from tests.thorough import part_of

pytestmark = pytest.mark.usefixtures("annotator")

HUGE = "9" * 30
TOO_MANY_DIGITS = "9" * 5000
BODIES = {
    "nothing": b"",
    "no list": b"{}",
    "a list": b"[]",
    "a number": b"5",
    "null": b"null",
    "a bomb": b"[" * 200_000,
    "a bomb of objects": b'{"operations":' * 100_000,
    "operations as text": b'{"person": "", "operations": "abc"}',
    "operations as an object": b'{"person": "", "operations": {"do": "skip"}}',
    "fields as a number": b'{"person": "", "operations": [{"do": "skip", "fields": 5}]}',
    "fields as a list": b'{"person": "", "operations": [{"do": "skip", "fields": ["a"]}]}',
    "fields as an object": b'{"person": "", "operations": [{"do": "skip", "fields": {"a": 1}}]}',
    "half a pair": b'{"person": "", "operations": [{"do": "skip", "fields": "reason=\\ud800"}]}',
    "an unknown deed": b'{"person": "", "operations": [{"do": "__class__", "fields": ""}]}',
    "no bytes of text": b"\xff\xfe\x00",
    "a number of many digits": b'{"person": ' + b"9" * 5000 + b', "operations": []}',
    "a hundred thousand": json.dumps(
        {"person": "", "operations": [{"do": "skip", "fields": ""}] * 100_000}
    ).encode(),
    "too large a number": b'{"person": 1e999, "operations": [{"do": "skip", "fields": ""}]}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_what_cannot_be_read_is_not_saved(client: Client, tickets: Project, body: bytes):
    answer = client.post(url(tickets, "save"), body, content_type="application/json")
    assert answer.status_code in {400, 409, 422}, answer.status_code


def in_hand(project: Project, person: User) -> str:
    """The token of the document that the annotator's page would show now."""
    return open_desk(project.pk, person).documents[0].token


DOS = ["answer", "skip", "defer", "ask", "undo"]
HOSTILE = ["\0", "\0" * 100, "x" * 100_000, "\ud800", HUGE, TOO_MANY_DIGITS, "-1", "<b>", "'\""]


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: repr(value[:8]))
@pytest.mark.parametrize("do", DOS)
def test_hostile_fields_are_refused_once_and_for_all(
    client: Client, make_project: Any, ann: User, do: str, value: str
):
    tickets = make_project(texts=[f"Ticket {number}" for number in range(30)])
    names = (
        "token",
        "key",
        "label_class",
        "seconds",
        "suggestion",
        "note",
        "reason",
        "text",
        "answer",
        "first",
        "first_spans",
        "span_class",
        "span_start",
        "span_end",
    )
    plain = {"key": "k", "label_class": str(tickets.classes.get(name="Refund").pk), "text": "Why?"}
    for name in part_of(names, HOSTILE.index(value) + DOS.index(do)):
        fields = plain | {"token": in_hand(tickets, ann), name: value}
        sent = "&".join(f"{field}={text}" for field, text in fields.items())
        body = json.dumps({"person": "", "operations": [{"do": do, "fields": sent}]})
        answer = client.post(url(tickets, "save"), body, content_type="application/json")
        assert answer.status_code in {200, 422}, (name, answer.status_code)
        if answer.status_code == 200:
            assert answer.json()["outcomes"][0]["status"] != "again", name
        page = {"answer": "label"}.get(do, do)
        fields["token"] = value if name == "token" else in_hand(tickets, ann)
        if value != "\ud800":
            plainly = client.post(url(tickets, page), fields)
            assert plainly.status_code in {302, 422}, (name, plainly.status_code)
    assert shown(client, tickets).token == in_hand(tickets, ann), "the page comes whatever was sent before"


@pytest.mark.parametrize("value", [HUGE, TOO_MANY_DIGITS, "\0", "٣", "²", "-1", "1.5", ""])
def test_numbers_of_the_script_may_be_anything(client: Client, tickets: Project, value: str):
    shown(client, tickets)
    for page, fields in {
        "ahead": {"have": value, "count": "1"},
        "ahead ": {"have": "1", "count": value},
        "holding": {"shown": value, "waiting": value, "back": value},
        "undo": {"annotation": value},
        "guideline_read": {"number": value},
    }.items():
        for headers in ({}, {"X-Desk": "part"}):
            answer = client.post(url(tickets, page.strip()), fields, headers=headers)
            assert answer.status_code < 500, (page, answer.status_code)
    for lease in (value,):
        assert client.get(url(tickets), {"lease": lease}).status_code < 500
        assert client.get(url(tickets, "mine"), {"page": lease}).status_code < 500


# reliability D3
@pytest.mark.parametrize(
    "path",
    [
        "label/",
        "label/rules/",
        "label/shortcuts/",
        "label/annotations/",
        "label/annotations/{}/",
        "label/disputes/",
        "label/disputes/{}/",
        "guidelines/",
        "guidelines/{}/",
        "guidelines/{}/to/{}/",
        "documents/{}/",
    ],
)
def test_no_number_in_an_address_is_too_large(client: Client, tickets: Project, path: str):
    for project in (tickets.pk, HUGE):
        answer = client.get(f"/projects/{project}/" + path.format(HUGE, HUGE))
        assert answer.status_code in {200, 403, 404}


@pytest.mark.parametrize(
    "path",
    [
        "label/",
        "label/ahead/",
        "label/holding/",
        "label/save/",
        "label/undo/",
        "label/skip/",
        "label/ask/",
        "label/defer/",
        "label/rules/read/",
        "label/shortcuts/",
        "label/shortcuts/reset/",
        "label/annotations/{}/take-back/",
        "label/questions/{}/reply/",
    ],
)
def test_no_number_in_an_address_is_too_large_to_post(
    client: Client, joan: User, tickets: Project, path: str
):
    client.force_login(joan)
    for project in (tickets.pk, HUGE):
        body: Any = {"shown": "", "text": "x"}
        answer = client.post(f"/projects/{project}/" + path.format(HUGE), body)
        assert answer.status_code < 500, (project, answer.status_code)


def test_an_answer_of_very_many_spans_is_stored_and_hinders_no_other(client: Client, make_project: Any):
    text = "word " * 5000
    project = make_project(kind="spans", texts=[text, "Another."])
    refund = str(project.classes.get(name="Refund").pk)
    token = shown(client, project).token
    spans = [(5 * n, 5 * n + 4) for n in range(1500)]
    fields = {
        "token": token,
        "key": "k1",
        "span_class": [refund] * len(spans),
        "span_start": [a for a, _ in spans],
        "span_end": [b for _, b in spans],
    }
    answer = save(client, project, operation("answer", **fields))
    assert answer.json()["outcomes"][0]["status"] == "ok"
    assert Annotation.objects.get().labels.count() == 1500


def test_an_undo_waits_for_the_answer_that_failed_before_it(
    client: Client, tickets: Project, monkeypatch: Any
):
    token = shown(client, tickets).token
    both = [answered(tickets, token), operation("undo", answer="k1")]
    broken = operations.OPERATIONS | {"answer": lambda *_: 1 / 0}
    monkeypatch.setattr(operations, "OPERATIONS", broken)
    outcomes = save(client, tickets, *both).json()["outcomes"]
    assert [outcome["status"] for outcome in outcomes] == ["again", "again"]
    monkeypatch.undo()
    outcomes = save(client, tickets, *both).json()["outcomes"]
    assert [outcome["status"] for outcome in outcomes] == ["ok", "ok"]
    assert not Annotation.objects.current().exists()


def test_a_page_of_somebody_else_takes_back_nothing_of_mine(client: Client, tickets: Project, bob: User):
    save(client, tickets, answered(tickets, shown(client, tickets).token))
    answer = client.post(url(tickets, "undo"), {"person": bob.pk}, headers={"X-Desk": "part"})
    assert answer.status_code == 409
    assert Annotation.objects.current().count() == 1
