"""How does a machine label? Claim, answer, undo, correct, decide."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from labeling.annotations.models import Annotation
from labeling.documents.models import Document
from labeling.projects.models import Project
from labeling.queue.models import Lease, QueueEntry
from tests.fixtures.people import Clock
from tests.labeling.api.conftest import Caller


def claim(caller: Caller, project: Project, count: int = 1) -> list[dict[str, Any]]:
    response = caller.post(f"projects/{project.pk}/batches/", {"count": count})
    return list(response.json()["documents"])


def labels(project: Project, name: str = "Refund") -> list[dict[str, Any]]:
    return [{"class": str(project.classes.get(name=name).pk)}]


def submit(caller: Caller, project: Project, held: dict[str, Any], name: str = "Refund", **more: Any) -> Any:
    body = {"token": held["token"], "labels": labels(project, name)} | more
    return caller.post(f"projects/{project.pk}/annotations/", body)


def test_a_claim_brings_the_best_document_with_everything_needed(
    tickets: Project, ann: User, machine: Callable[..., Caller]
) -> None:
    response = machine(tickets, ann).post(f"projects/{tickets.pk}/batches/", {"count": 1})
    (held,) = response.json()["documents"]
    assert held["external_id"] == "t0"
    assert held["reason"] == {"selected_by": "margin", "sentence": "The model is unsure about this document."}
    assert held["guideline"] == 1
    assert held["leased_until"].endswith("Z")
    assert response.json()["empty_because"] is None


def test_what_the_model_thinks_is_shown_only_where_suggestions_are(
    tickets: Project, ann: User, machine: Callable[..., Caller]
) -> None:
    refund = str(tickets.classes.get(name="Refund").pk)
    QueueEntry.objects.filter(project=tickets, rank=0).update(
        reason={"share": "margin", "top": [[refund, 0.5]]}
    )
    caller = machine(tickets, ann)
    claim(caller, tickets)
    path = f"projects/{tickets.pk}/batches/"
    assert "top_classes" not in caller.get(path).json()["documents"][0]["reason"]
    Project.objects.filter(pk=tickets.pk).update(suggestion_policy="shown")
    assert caller.get(path).json()["documents"][0]["reason"]["top_classes"] == [[refund, 0.5]]


def test_suggested_spans_are_told_by_the_same_rule(
    make_project: Callable[..., Project], ann: User, machine: Callable[..., Caller]
) -> None:
    project = make_project(kind="spans")
    spans = [[0, 4, str(project.classes.get(name="Refund").pk), 0.5]]
    QueueEntry.objects.filter(project=project, rank=0).update(reason={"share": "margin", "spans": spans})
    caller = machine(project, ann)
    claim(caller, project)
    path = f"projects/{project.pk}/batches/"
    assert "predicted_spans" not in caller.get(path).json()["documents"][0]["reason"]
    Project.objects.filter(pk=project.pk).update(suggestion_policy="shown")
    assert caller.get(path).json()["documents"][0]["reason"]["predicted_spans"] == spans
    Lease.objects.update(reason={"share": "test", "spans": spans})
    assert "predicted_spans" not in caller.get(path).json()["documents"][0]["reason"]


@pytest.mark.parametrize("where", ["header", "body"])
def test_the_same_key_brings_the_same_leases(
    tickets: Project, ann: User, machine: Callable[..., Caller], where: str
) -> None:
    caller, path = machine(tickets, ann), f"projects/{tickets.pk}/batches/"
    headers = {"Idempotency-Key": "k1"} if where == "header" else {}
    body = {"count": 2} | ({"key": "k1"} if where == "body" else {})
    first, again = (caller.post(path, body, **headers).json() for _ in range(2))
    assert first == again
    assert len(first["documents"]) == 2


def test_two_keys_in_one_request_are_refused(tickets: Project, ann: User) -> None:
    body, path = {"key": "one"}, f"projects/{tickets.pk}/batches/"
    assert Caller(ann).post(path, body, **{"Idempotency-Key": "two"}).status_code == 400
    for key in ("", "x" * 65, "a\tb"):
        assert Caller(ann).post(path, {}, **{"Idempotency-Key": key}).status_code == 400


def test_an_empty_batch_says_why_and_when_to_come_back(tickets: Project, ann: User, bob: User) -> None:
    claim(Caller(ann), tickets, 100)
    response = Caller(bob).post(f"projects/{tickets.pk}/batches/", {})
    assert response.json()["empty_because"] == "all_leased"
    assert int(response["Retry-After"]) == response.json()["retry_after"] > 0


def test_an_answer_counts_and_comes_again_as_a_replay(
    tickets: Project, ann: User, machine: Callable[..., Caller]
) -> None:
    caller = machine(tickets, ann)
    (held,) = claim(caller, tickets)
    first, again = (submit(caller, tickets, held, key="a1", seconds=2.5) for _ in range(2))
    assert (first.status_code, first.json()["outcome"]) == (201, "counted")
    assert "Idempotent-Replayed" not in first
    assert (again.status_code, again["Idempotent-Replayed"]) == (200, "true")
    assert again.json()["annotation_id"] == first.json()["annotation_id"]
    other = submit(caller, tickets, held, "Billing")
    assert (other.status_code, other.json()["code"]) == (409, "answer_conflict")


def test_a_late_answer_whose_place_is_taken_is_202_and_kept(
    tickets: Project, ann: User, bob: User, clock: Clock
) -> None:
    (held,) = claim(Caller(ann), tickets)
    clock.advance(minutes=16)
    claim(Caller(bob), tickets)
    late = submit(Caller(ann), tickets, held)
    assert (late.status_code, late.json()["outcome"]) == (202, "surplus")


def test_many_answers_are_stored_together_or_not_at_all(tickets: Project, ann: User) -> None:
    caller, path = Caller(ann), f"projects/{tickets.pk}/annotations/batch/"
    answers = [{"token": d["token"], "labels": labels(tickets)} for d in claim(caller, tickets, 3)]
    answers[2]["labels"] = [{"class": str(uuid4())}]
    refused = caller.post(path, {"annotations": answers})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_answer")
    assert refused.json()["errors"][0]["path"] == "annotations[2].labels[0].class"
    assert not Annotation.objects.exists()
    answers[2]["labels"] = labels(tickets)
    done, again = (caller.post(path, {"annotations": answers}) for _ in range(2))
    assert done.status_code == 201
    assert [result["outcome"] for result in done.json()["results"]] == ["counted"] * 3
    assert (again.status_code, again["Idempotent-Replayed"]) == (200, "true")


# reliability F2
def test_one_foreign_lease_among_a_hundred_answers_stores_none(
    make_project: Callable[..., Project], ann: User, bob: User
) -> None:
    mine = make_project(texts=[f"Text {number}" for number in range(110)])
    other = make_project(kind="multi")
    held = claim(Caller(ann), mine, 99)
    for foreign in (claim(Caller(bob), mine)[0], claim(Caller(ann), other)[0], {"token": "no token"}):
        answers = [{"token": d["token"], "labels": labels(mine)} for d in [*held, foreign]]
        response = Caller(ann).post(f"projects/{mine.pk}/annotations/batch/", {"annotations": answers})
        assert (response.status_code, response.json()["code"]) == (404, "lease_not_found")
        assert response.json()["errors"][0]["path"] == "annotations[99]"
    assert not Annotation.objects.exists()


# reliability F5
@pytest.mark.parametrize("verb", ["extend", "release", "skip", "defer"])
def test_a_lease_of_somebody_else_of_another_project_or_of_nobody_is_not_found(
    make_project: Callable[..., Project], ann: User, bob: User, verb: str
) -> None:
    mine, other = make_project(), make_project(kind="multi")
    stolen = claim(Caller(bob), mine)[0]["token"]
    elsewhere = claim(Caller(ann), other)[0]["token"]
    own = claim(Caller(ann), mine)[0]["token"]
    before = list(Lease.objects.order_by("pk").values())
    for token in (stolen, elsewhere, own[:-1], own + "x", "", " ", "1-1", "9-9.x", own.replace("-1.", "-0.")):
        response = Caller(ann).post(f"projects/{mine.pk}/leases/{verb}/", {"token": token})
        assert response.status_code in (404, 400)
        assert response.status_code == 404 or not token.strip()
    assert list(Lease.objects.order_by("pk").values()) == before
    done = Caller(ann).post(f"projects/{mine.pk}/leases/{verb}/", {"token": own})
    assert done.status_code in (200, 204)


def test_a_superseded_token_is_stale(tickets: Project, ann: User, clock: Clock) -> None:
    (old,) = claim(Caller(ann), tickets)
    clock.advance(minutes=16)
    again = claim(Caller(ann), tickets)[0]
    assert again["document_id"] == old["document_id"]
    response = Caller(ann).post(f"projects/{tickets.pk}/leases/skip/", {"token": old["token"]})
    assert (response.status_code, response.json()["code"]) == (409, "lease_stale")


def test_undo_gives_the_document_back_under_a_new_token(tickets: Project, ann: User) -> None:
    caller = Caller(ann)
    (held,) = claim(caller, tickets)
    annotation = submit(caller, tickets, held).json()["annotation_id"]
    undone = caller.post(f"projects/{tickets.pk}/annotations/{annotation}/undo/").json()
    assert undone["lease"]["document_id"] == held["document_id"]
    assert undone["lease"]["token"] != held["token"]
    assert submit(caller, tickets, undone["lease"], "Billing").status_code == 201


def test_an_answer_of_somebody_else_cannot_be_undone_or_corrected(
    tickets: Project, ann: User, bob: User
) -> None:
    (held,) = claim(Caller(ann), tickets)
    annotation = submit(Caller(ann), tickets, held).json()["annotation_id"]
    for end, body in (("undo/", None), ("correction/", {"labels": labels(tickets)})):
        answers = [
            Caller(bob).post(f"projects/{tickets.pk}/annotations/{pk}/{end}", body)
            for pk in (annotation, 10**12)
        ]
        assert [response.status_code for response in answers] == [409, 409]
        assert answers[0].content == answers[1].content


def test_a_correction_supersedes_and_the_export_shows_both(tickets: Project, ann: User) -> None:
    caller, path = Caller(ann), f"projects/{tickets.pk}/annotations/"
    first = submit(caller, tickets, claim(caller, tickets)[0]).json()["annotation_id"]
    corrected = caller.post(f"{path}{first}/correction/", {"labels": labels(tickets, "Billing")})
    assert corrected.status_code == 201
    rows = caller.get(path).json()["results"]
    assert [row["superseded_by"] for row in rows] == [corrected.json()["annotation_id"], None]
    (current,) = caller.get(f"{path}?current=true").json()["results"]
    assert current["labels"] == [labels(tickets, "Billing")[0] | {"start": None, "end": None}]
    assert (current["annotator"], current["guideline"], current["supersedes"]) == ("ann", 1, first)


# reliability F4
def test_an_annotator_reads_nobody_else_s_answers(
    make_project: Callable[..., Project], ann: User, bob: User, carla: User
) -> None:
    project = make_project(overlap=2)
    submit(Caller(ann), project, claim(Caller(ann), project)[0])
    path = f"projects/{project.pk}/annotations/"
    for query in ("", "?annotator=ann", "?source=person"):
        assert Caller(bob).get(path + query).json()["results"] == []
    assert len(Caller(carla).get(path).json()["results"]) == 1


def test_annotators_disagree_and_the_adjudicator_decides(
    make_project: Callable[..., Project], ann: User, bob: User, carla: User
) -> None:
    project = make_project(overlap=2)
    for person, name in ((ann, "Refund"), (bob, "Billing")):
        submit(Caller(person), project, claim(Caller(person), project)[0], name)
    path = f"projects/{project.pk}/disputes/"
    (dispute,) = Caller(carla).get(path).json()["results"]
    assert [answer["annotator"] for answer in dispute["annotations"]] == ["ann", "bob"]
    decided = Caller(carla).post(f"{path}{dispute['id']}/decision/", {"labels": labels(project), "note": "!"})
    assert decided.status_code == 201
    shown = f"projects/{project.pk}/documents/{dispute['id']}/"
    assert Caller(carla).get(shown).json()["resolution"]["method"] == "adjudicated"
    assert Caller(ann).get(shown).json()["resolution"] is None
    again = Caller(carla).post(f"{path}{dispute['id']}/decision/", {"labels": labels(project)})
    assert (again.status_code, again.json()["code"]) == (409, "not_disputed")


def test_spans_are_checked_against_the_text(make_project: Callable[..., Project], ann: User) -> None:
    project = make_project(kind="spans", texts=["Ünïcode 🙂 text"])
    (held,) = claim(Caller(ann), project)
    refund = str(project.classes.get(name="Refund").pk)
    for start, end in ((0, 99), (5, 5), (7, 3), (None, 3), (0, 2**31 - 1)):
        body = {"token": held["token"], "labels": [{"class": refund, "start": start, "end": end}]}
        assert Caller(ann).post(f"projects/{project.pk}/annotations/", body).status_code == 422
    body = {"token": held["token"], "labels": [{"class": refund, "start": 8, "end": 9}]}
    assert Caller(ann).post(f"projects/{project.pk}/annotations/", body).status_code == 201


def test_a_claim_and_a_submit_take_few_statements(
    make_project: Callable[..., Project], ann: User, machine: Callable[..., Caller]
) -> None:
    """Six each in the action; two for the token, one for the membership, the rest for what is shown."""
    project = make_project(overlap=2)
    caller = machine(project, ann)
    body = {"token": "", "labels": labels(project)}
    with CaptureQueriesContext(connection) as claimed:
        held = claim(caller, project, 3)
    body["token"] = held[0]["token"]
    with CaptureQueriesContext(connection) as submitted:
        assert caller.post(f"projects/{project.pk}/annotations/", body).status_code == 201
    counts = [
        sum(not query["sql"].startswith(("SAVEPOINT", "RELEASE")) for query in context.captured_queries)
        for context in (claimed, submitted)
    ]
    assert counts[0] <= 6 + 3 + 2
    assert counts[1] <= 6 + 3 + 1


def test_documents_settled_through_the_api_are_settled(tickets: Project, ann: User) -> None:
    caller = Caller(ann)
    for held in claim(caller, tickets, 100):
        submit(caller, tickets, held)
    assert set(Document.objects.values_list("state", flat=True)) == {"resolved"}
    assert caller.post(f"projects/{tickets.pk}/batches/", {}).json()["empty_because"] == "complete"
