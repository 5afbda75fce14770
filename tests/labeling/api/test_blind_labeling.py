"""Blind labeling: annotators and machines cannot tell which documents measure the model or themselves."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from labeling.annotations import submit
from labeling.annotations.models import Annotation
from labeling.annotations.submit import Submission
from labeling.documents.models import Document
from labeling.exceptions import WrongState
from labeling.exchange import exporting
from labeling.exchange.exporting import ExportFormat, Scope
from labeling.explanations.selection_reason import Measures, SelectionReason
from labeling.projects.models import ApiToken, Project
from labeling.queue import claims, publishing
from labeling.ranking import gold
from tests.fixtures.people import label
from tests.labeling.api.conftest import Caller

SHARES = (
    SelectionReason("random", propensity=0.1),
    SelectionReason("test"),
    SelectionReason("picked", measures=Measures.MODEL),
    SelectionReason("margin"),
)


@pytest.fixture
def drawn(tickets: Project) -> list[Document]:
    """A random document of the pool, two of the test set, and one that the model is unsure about."""
    documents = list(tickets.documents.order_by("pk")[:4])
    Document.objects.filter(pk__in=[documents[1].pk, documents[2].pk]).update(split=Document.Split.TEST)
    publishing.publish(
        tickets.pk,
        publishing.next_generation(),
        [(document.pk, reason) for document, reason in zip(documents, SHARES, strict=True)],
    )
    return documents


def refund(project: Project) -> list[dict[str, str]]:
    return [{"class": str(project.classes.get(name="Refund").pk)}]


def answered(project: Project, person: User) -> Document:
    (held,) = claims.claim(project.pk, person).documents
    submit.submit(person, Submission(held.token, [label(project, "Refund")]))
    return Document.objects.get(pk=held.document_id)


def test_a_test_document_comes_with_the_reason_of_any_random_one(
    tickets: Project, drawn: list[Document], ann: User
) -> None:
    held = Caller(ann).post(f"projects/{tickets.pk}/batches/", {"count": 4}).json()["documents"]
    reasons = {document["document_id"]: document["reason"] for document in held}
    random, test, picked, _unsure = (reasons[document.pk] for document in drawn)
    assert random == test == {"selected_by": "random", "sentence": random["sentence"]}
    assert "independent" not in picked
    assert "test" not in str(reasons)


def test_annotators_read_neither_split_nor_state_and_cannot_filter_by_them(
    tickets: Project, drawn: list[Document], ann: User, carla: User, machine: Callable[..., Caller]
) -> None:
    address = f"projects/{tickets.pk}/documents/"
    for caller in (Caller(ann), machine(tickets, ann)):
        listed = caller.get(address).json()["results"]
        assert {(document["split"], document["state"]) for document in listed} == {(None, None)}
        assert caller.get(f"{address}{drawn[1].pk}/").json()["split"] is None
        for query in ("split=test", "state=resolved"):
            assert caller.get(f"{address}?{query}").status_code == 403
    results = Caller(carla).get(f"{address}?split=test").json()["results"]
    assert {document["id"] for document in results} == {drawn[1].pk, drawn[2].pk}


def test_an_answer_to_a_gold_document_looks_like_the_first_of_two(
    make_project: Callable[..., Project], joan: User, ann: User, bob: User, client: Client
) -> None:
    project = make_project(overlap=2)
    golden = answered(project, ann)
    assert answered(project, bob) == golden
    gold.mark(project.pk, joan, golden.pk)
    gold.give_slots(project, [golden.pk])
    publishing.publish(project.pk, publishing.next_generation(), [(golden.pk, SelectionReason("gold"))])
    (held,) = Caller(joan).post(f"projects/{project.pk}/batches/", {}).json()["documents"]
    assert held["document_id"] == golden.pk
    submission = Submission(held["token"], [label(project, "Billing")])
    assert not submit.submit(joan, submission).looks_settled
    client.force_login(joan)
    assert "waiting for others" in client.get(reverse("labeling:mine", args=[project.pk])).content.decode()


def test_what_became_of_the_document_is_told_to_adjudicators_alone(
    tickets: Project, ann: User, carla: User
) -> None:
    told = {}
    for person in (ann, carla):
        (held,) = Caller(person).post(f"projects/{tickets.pk}/batches/", {}).json()["documents"]
        body = {"token": held["token"], "labels": refund(tickets)}
        answer = Caller(person).post(f"projects/{tickets.pk}/annotations/", body)
        told[person] = answer.json()["document_state"]
    assert told == {ann: None, carla: "resolved"}


def test_a_machine_gets_no_document_that_measures_anybody(
    tickets: Project, drawn: list[Document], joan: User, ann: User, machine: Callable[..., Caller]
) -> None:
    robot = machine(tickets, ann, answers="machine")
    batch = robot.post(f"projects/{tickets.pk}/batches/", {"count": 50}).json()["documents"]
    assert {document["document_id"] for document in batch} == set(
        tickets.documents.filter(split="pool").values_list("pk", flat=True)
    )
    assert robot.post(f"projects/{tickets.pk}/batches/", {}).json()["empty_because"] == "none_for_you"


def test_a_machine_answers_under_its_own_name_of_source(
    tickets: Project, ann: User, joan: User, machine: Callable[..., Caller]
) -> None:
    robot = machine(tickets, ann, answers="machine")
    (held,) = robot.post(f"projects/{tickets.pk}/batches/", {}).json()["documents"]
    sent = robot.post(
        f"projects/{tickets.pk}/annotations/", {"token": held["token"], "labels": refund(tickets)}
    )
    assert sent.json()["outcome"] == "counted"
    rows = Caller(joan).get(f"projects/{tickets.pk}/annotations/?source=machine").json()["results"]
    assert [(row["source"], row["annotator"]) for row in rows] == [("machine", "ann")]
    exported = b"".join(exporting.export(tickets, Scope.ALL, ExportFormat.JSONL))
    assert b'"source": "machine"' in exported
    with pytest.raises(WrongState, match="Relabel"):
        gold.mark(tickets.pk, joan, held["document_id"])
    answer = Annotation.objects.get()
    corrected = Caller(ann).post(
        f"projects/{tickets.pk}/annotations/{answer.pk}/correction/",
        {"labels": [{"class": str(tickets.classes.get(name="Billing").pk)}]},
    )
    assert corrected.status_code == 201
    assert Annotation.objects.get(supersedes=answer).source == Annotation.Source.PERSON
    gold.mark(tickets.pk, joan, held["document_id"])


def test_a_machine_cannot_answer_a_test_document_that_its_owner_holds(
    tickets: Project, drawn: list[Document], ann: User, machine: Callable[..., Caller]
) -> None:
    held = {document.document_id: document for document in claims.claim(tickets.pk, ann, 4).documents}
    robot = machine(tickets, ann, answers="machine")
    body = {"token": held[drawn[1].pk].token, "labels": refund(tickets)}
    refused = robot.post(f"projects/{tickets.pk}/annotations/", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_for_machines")
    assert not Annotation.objects.exists()
    assert Caller(ann).post(f"projects/{tickets.pk}/annotations/", body).status_code == 201
    (answer,) = Annotation.objects.all()
    correction = robot.post(
        f"projects/{tickets.pk}/annotations/{answer.pk}/correction/", {"labels": refund(tickets)}
    )
    assert correction.json()["code"] == "not_for_machines"


def test_tokens_are_a_person_s_unless_they_say_otherwise(tickets: Project, ann: User, client: Client) -> None:
    client.force_login(ann)
    address = reverse("labeling:create_token", args=[tickets.pk])
    page = client.post(address, {"name": "r", "scope": "annotate", "days": 30, "answers": "machine"})
    assert "machine" in page.content.decode()
    assert [token.is_machine for token in ApiToken.objects.all()] == [True]
    client.post(address, {"name": "old client", "scope": "annotate", "days": 30})
    assert not ApiToken.objects.get(name="old client").is_machine
