"""Idempotency keys: a retry changes nothing, and a key stands for one request on one route of a project."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from labeling.annotations.models import Annotation, Label, Question
from labeling.guidelines import classes
from labeling.idempotency.models import KeyedRequest
from labeling.projects import members
from labeling.projects.models import Project
from labeling.queue import claims, key_retention
from labeling.queue.models import Claim, Lease, lease_token
from tests.fixtures.people import Clock
from tests.labeling.api.conftest import Caller

KEY = "run-17"
OTHER_BODIES: dict[str, dict[str, Any]] = {  # one of each thing that a body says
    "batches/": {"count": 2},
    "leases/ask/": {"text": "Something else?"},
    "leases/skip/": {"reason": "another"},
    "leases/defer/": {"minutes": 61},
    "leases/release/": {"token": "of another document"},
    "annotations/": {"note": "another"},
    "annotations/ID/correction/": {"labels": "another class"},
    "annotations/ID/undo/": {},
}
FIRST_BODIES: dict[str, dict[str, Any]] = {
    "batches/": {"count": 1},
    "leases/ask/": {"text": "Is a fee a refund?"},
    "leases/skip/": {"reason": "empty"},
    "leases/defer/": {"minutes": 60},
    "annotations/": {"note": "sure", "suggestion": {"classes": [["a", 0.5]]}, "seconds": 2.5},
}
KEYED = sorted(OTHER_BODIES)


def labels(project: Project, name: str = "Refund") -> list[dict[str, Any]]:
    return [{"class": str(project.classes.get(name=name).pk)}]


class Sender:
    """Ann, who repeats one request under a key: she holds two documents and has answered two."""

    def __init__(self, project: Project, ann: User, route: str) -> None:
        self.project, self.caller, self.route = project, Caller(ann), route
        self.held = claims.claim(project.pk, ann, 4).documents
        self.answers = [self._answer(held.token) for held in self.held[2:]]

    def _answer(self, token: str) -> int:
        body = {"token": token, "labels": labels(self.project)}
        sent = self.caller.post(f"projects/{self.project.pk}/annotations/", body)
        return int(sent.json()["annotation_id"])

    def send(self, of: int = 0, key: str | None = KEY, **body: Any) -> Any:
        """The route's first body, or that with these changes; about the first or second document."""
        whole = FIRST_BODIES.get(self.route, {}) | ({} if key is None else {"key": key})
        if self.route.startswith("leases") or self.route == "annotations/":
            whole["token"] = self.held[of].token
        if self.route == "annotations/":
            whole["labels"] = labels(self.project)
        if self.route.endswith("correction/"):
            whole["labels"] = labels(self.project, "Billing")
        path = self.route.replace("ID", str(self.answers[of]))
        return self.caller.post(f"projects/{self.project.pk}/{path}", whole | body)

    def send_another(self) -> Any:
        """The same key with another body."""
        other = dict(OTHER_BODIES[self.route])
        if "labels" in other:
            other["labels"] = labels(self.project, "Delivery")
        if "token" in other:
            other["token"] = self.held[1].token
        return self.send(**other) if other else self.send(of=1)


def stored(project: Project) -> list[Any]:
    tables = (Annotation, Label, Lease, Question, Claim, KeyedRequest)
    return [list(table.objects.order_by("pk").values()) for table in tables]


@pytest.fixture
def sender(make_project: Callable[..., Project], ann: User) -> Callable[[str], Sender]:
    return lambda route: Sender(make_project(), ann, route)


@pytest.mark.parametrize("route", KEYED)
def test_the_same_again_under_its_key_changes_nothing_and_another_body_is_refused(
    sender: Callable[[str], Sender], route: str
) -> None:
    ann = sender(route)
    first = ann.send()
    before = stored(ann.project)
    again, other = ann.send(), ann.send_another()
    assert first.status_code in (200, 201, 204)
    assert again.status_code in (first.status_code, 200)
    if route not in ("annotations/", "annotations/ID/correction/"):  # those say "replay"
        assert again.content == first.content
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert stored(ann.project) == before


@pytest.mark.parametrize("route", [route for route in KEYED if route != "batches/"])
def test_a_key_belongs_to_its_lease_or_answer(sender: Callable[[str], Sender], route: str) -> None:
    ann = sender(route)
    ann.send()
    before = stored(ann.project)
    other = ann.send(of=1)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert stored(ann.project) == before


def test_a_key_means_something_else_on_each_route_in_each_project_and_for_each_person(
    make_project: Callable[..., Project], ann: User, bob: User
) -> None:
    """A script that numbers its steps uses the same keys everywhere."""
    for project in (make_project(), make_project(kind="multi")):
        for who in (ann, bob):
            base, caller = f"projects/{project.pk}/", Caller(who)
            (held,) = caller.post(base + "batches/", {"key": KEY}).json()["documents"]
            asked = {"token": held["token"], "text": "Why?", "key": KEY}
            question = caller.post(base + "leases/ask/", asked).json()
            assert question["document_id"] == held["document_id"]
            (next_one,) = caller.post(base + "batches/", {}).json()["documents"]
            answer = {"token": next_one["token"], "labels": labels(project), "key": KEY}
            done = caller.post(base + "annotations/", answer)
            assert (done.status_code, done.json()["document_id"]) == (201, next_one["document_id"])
            undone = caller.post(f"{base}annotations/{done.json()['annotation_id']}/undo/", {"key": KEY})
            assert undone.json()["lease"]["document_id"] == next_one["document_id"]
            again = caller.post(base + "leases/skip/", {"token": undone.json()["lease"]["token"], "key": KEY})
            assert again.status_code == 204
    assert Question.objects.count() == 4


def test_a_token_of_one_project_never_answers_with_another_one_s_question(
    make_project: Callable[..., Project], ann: User, machine: Callable[..., Caller]
) -> None:
    asked = []
    for project in (make_project(), make_project(kind="multi")):
        (held,) = claims.claim(project.pk, ann).documents
        body = {"token": held.token, "text": "Why?"}
        sent = machine(project, ann).post(
            f"projects/{project.pk}/leases/ask/", body, **{"Idempotency-Key": KEY}
        )
        assert sent.json()["document_id"] == held.document_id
        asked.append(sent.json()["id"])
    assert len(set(asked)) == 2


@pytest.mark.parametrize("route", ["leases/skip/", "leases/release/", "leases/defer/"])
def test_a_document_that_was_given_back_stays_so_without_a_key_too(
    sender: Callable[[str], Sender], route: str
) -> None:
    ann = sender(route)
    assert ann.send(key=None).status_code == 204
    before = stored(ann.project)
    assert ann.send(key=None).status_code == 204
    assert ann.send(key="made later").status_code == 204
    if route != "leases/release/":
        other = ann.send(key=None, **OTHER_BODIES[route])
        assert (other.status_code, other.json()["code"]) == (409, "lease_stale")
    others = {"leases/skip/", "leases/release/", "leases/defer/"} - {route}
    for ann.route in sorted(others):
        assert ann.send(key=None).status_code == 409
    assert stored(ann.project)[:-1] == before[:-1]  # the key that was made later is known now


def test_a_document_that_came_back_is_not_given_back_by_an_old_request(
    tickets: Project, ann: User, clock: Clock
) -> None:
    caller, path = Caller(ann), f"projects/{tickets.pk}/leases/defer/"
    (held,) = claims.claim(tickets.pk, ann).documents
    keyed = {"token": held.token, "minutes": 5, "key": KEY}
    assert caller.post(path, keyed).status_code == 204
    clock.advance(minutes=6)
    (back,) = claims.claim(tickets.pk, ann).documents
    assert (back.lease_id, back.epoch) == (held.lease_id, held.epoch + 1)
    assert caller.post(path, keyed).status_code == 204
    assert caller.post(path, {"token": held.token, "minutes": 5}).status_code == 409
    assert Lease.objects.get(pk=back.lease_id).state == "live"


def test_a_request_that_was_refused_leaves_its_key_free(tickets: Project, ann: User, clock: Clock) -> None:
    (held,) = claims.claim(tickets.pk, ann).documents
    caller, path = Caller(ann), f"projects/{tickets.pk}/leases/release/"
    clock.advance(minutes=16)
    assert caller.post(path, {"token": held.token, "key": KEY}).json()["code"] == "lease_stale"
    (again,) = claims.claim(tickets.pk, ann).documents
    assert caller.post(path, {"token": again.token, "key": KEY}).status_code == 204


def test_a_class_that_was_retired_since_makes_no_retry_fail(tickets: Project, ann: User, joan: User) -> None:
    base, caller = f"projects/{tickets.pk}/annotations/", Caller(ann)
    held, other = claims.claim(tickets.pk, ann, 2).documents
    answer = {"token": held.token, "labels": labels(tickets), "key": KEY}
    first = caller.post(base, answer).json()["annotation_id"]
    second = caller.post(base, {"token": other.token, "labels": labels(tickets, "Billing")})
    path, correction = f"{base}{second.json()['annotation_id']}/correction/", {"labels": labels(tickets)}
    corrected = caller.post(path, correction, **{"Idempotency-Key": KEY}).json()["annotation_id"]
    classes.retire(tickets.pk, joan, tickets.classes.get(name="Refund").pk)
    again = caller.post(base, answer)
    assert (again.status_code, again.json()["annotation_id"]) == (200, first)
    again = caller.post(path, correction, **{"Idempotency-Key": KEY})
    assert (again.status_code, again["Idempotent-Replayed"]) == (200, "true")
    assert (again.json()["annotation_id"], again.json()["outcome"]) == (corrected, "replay")


def test_an_undo_that_is_repeated_gives_its_token_again_and_takes_no_later_answer_back(
    tickets: Project, ann: User
) -> None:
    base, caller = f"projects/{tickets.pk}/annotations/", Caller(ann)
    (held,) = claims.claim(tickets.pk, ann).documents
    answer = {"token": held.token, "labels": labels(tickets)}
    first = caller.post(base, answer).json()["annotation_id"]
    undone, again = (caller.post(f"{base}{first}/undo/", {"key": KEY}).json() for _ in range(2))
    assert undone == again
    assert undone["lease"]["token"] == lease_token(held.lease_id, held.epoch + 1)
    better = answer | {"token": undone["lease"]["token"], "labels": labels(tickets, "Billing")}
    assert caller.post(base, better).status_code == 201
    assert caller.post(f"{base}{first}/undo/", {"key": KEY}).json()["lease"] is None
    assert Lease.objects.get(pk=held.lease_id).state == "submitted"
    assert caller.post(f"{base}{first}/undo/").status_code == 409  # without a key nobody knows it again


def test_a_key_that_stands_twice_in_one_call_is_told_by_its_place(tickets: Project, ann: User) -> None:
    answers = [
        {"token": held.token, "labels": labels(tickets), "key": key}
        for held, key in zip(claims.claim(tickets.pk, ann, 3).documents, ("a", "b", "a"), strict=True)
    ]
    path = f"projects/{tickets.pk}/annotations/batch/"
    refused = Caller(ann).post(path, {"annotations": answers})
    assert (refused.status_code, refused.json()["code"]) == (422, "key_reused")
    assert refused.json()["errors"][0]["path"] == "annotations[2]"
    assert not Annotation.objects.exists()


@pytest.mark.parametrize("route", KEYED)
def test_who_was_removed_gets_no_old_answer_by_a_key(
    sender: Callable[[str], Sender], route: str, joan: User, ann: User
) -> None:
    sent = sender(route)
    sent.send()
    members.remove_member(sent.project.pk, joan, ann)
    assert sent.send().status_code == 404


@pytest.mark.parametrize("route", KEYED)
def test_what_is_no_key_is_refused_before_anything_is_done(
    sender: Callable[[str], Sender], route: str
) -> None:
    ann = sender(route)
    before = stored(ann.project)
    for key in ("", "x" * 65, "a\tb", "a\0b", 7, ["a"]):
        assert ann.send(key=key).status_code in (400, 422), key
    assert stored(ann.project) == before


def test_keys_are_forgotten_after_a_month(tickets: Project, ann: User, clock: Clock) -> None:
    for key in ("old", "new"):
        (held,) = claims.claim(tickets.pk, ann).documents
        claims.release(held.token, ann, key)
        clock.advance(days=20)
    assert key_retention.forget_old() == 1
    assert KeyedRequest.objects.get().key == "new"


def test_claims_are_forgotten_after_a_month_without_a_write_to_their_leases(
    tickets: Project, ann: User, clock: Clock
) -> None:
    claims.claim(tickets.pk, ann, key="old")
    clock.advance(days=20)
    claims.claim(tickets.pk, ann, key="new")
    clock.advance(days=20)
    before = versions_of_leases()
    with CaptureQueriesContext(connection) as forgetting:
        assert key_retention.forget_old() == 1
    assert Claim.objects.get().key == "new"
    assert versions_of_leases() == before
    assert not [each for each in forgetting.captured_queries if "labeling_lease" in each["sql"]]
    assert claims.claim(tickets.pk, ann, key="old").documents, "a key that nobody remembers is a new one"


def versions_of_leases() -> list[tuple[int, ...]]:
    """Each lease with the transaction that wrote its row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, claim_id, xmin::text::bigint FROM labeling_lease ORDER BY id")
        return list(cursor.fetchall())


def test_what_is_forgotten_goes_in_bounded_parts(
    tickets: Project, ann: User, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_retention, "BATCH", 2)
    monkeypatch.setattr(key_retention, "MAX_BATCHES", 2)
    Claim.objects.bulk_create(Claim(project=tickets, annotator=ann, key=f"k{n}", count=1) for n in range(5))
    clock.advance(days=31)
    assert key_retention.forget_old() == 4
    assert Claim.objects.get().key == "k4"
    assert key_retention.forget_old() == 1
