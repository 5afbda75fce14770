"""What may a manager change while people are labeling?"""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from labeling.annotations import adjudication, corrections, exclusion, imported, second_opinions, submit
from labeling.annotations.models import Annotation, Resolution
from labeling.annotations.submit import Submission
from labeling.documents.models import Document
from labeling.exceptions import InvalidInput, NotAllowed, NotFound
from labeling.guidelines import new_projects
from labeling.management.invariants import INVARIANTS, breaches
from labeling.projects.models import Project
from labeling.queue import claims
from tests.fixtures.people import label, rank

State = Document.State


def say(project: Project, person: User, name: str) -> Document:
    (held,) = claims.claim(project.pk, person).documents
    submit.submit(person, Submission(held.token, [label(project, name)]))
    return Document.objects.get(pk=held.document_id)


def test_a_change_is_stored_and_nothing_else_moves(tickets: Project, joan: User) -> None:
    changed = exclusion.change(tickets.pk, joan, name="Mail", lease_minutes=30, strategy="margin")
    stored = Project.objects.get(pk=tickets.pk)
    assert (
        (stored.name, stored.lease_minutes, stored.strategy)
        == ("Mail", 30, "margin")
        == (
            changed.name,
            changed.lease_minutes,
            changed.strategy,
        )
    )


@pytest.mark.parametrize("name", ["kind", "test_share", "generation", "document_count", "pk"])
def test_what_answers_and_estimates_depend_on_stays(tickets: Project, joan: User, name: str) -> None:
    with pytest.raises(InvalidInput):
        exclusion.change(tickets.pk, joan, **{name: 1})


@pytest.mark.parametrize(
    "changes", [{"overlap": 0}, {"overlap": 33}, {"name": ""}, {"name": "x" * 101}, {"strategy": "luck"}]
)
def test_impossible_policies_are_refused(tickets: Project, joan: User, changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        exclusion.change(tickets.pk, joan, **changes)


def test_only_managers_change_policy_or_take_documents_out(tickets: Project, ann: User, carla: User) -> None:
    document = tickets.documents.first()
    assert document is not None
    for person in (ann, carla):
        with pytest.raises(NotAllowed):
            exclusion.change(tickets.pk, person, is_paused=True)
        with pytest.raises(NotAllowed):
            exclusion.exclude(tickets.pk, person, document.pk)
        with pytest.raises(NotAllowed):
            exclusion.include(tickets.pk, person, document.pk)


def test_while_paused_nobody_gets_a_document(tickets: Project, joan: User, ann: User) -> None:
    exclusion.change(tickets.pk, joan, is_paused=True)
    assert claims.claim(tickets.pk, ann).empty_because == "paused"
    exclusion.change(tickets.pk, joan, is_paused=False)
    assert claims.claim(tickets.pk, ann).documents


def test_more_overlap_leaves_settled_documents_and_the_test_set_as_they_are(
    tickets: Project, joan: User, ann: User, bob: User
) -> None:
    document = say(tickets, ann, "Refund")
    Document.objects.filter(pk=document.pk).update(split=Document.Split.TEST)
    exclusion.change(tickets.pk, joan, overlap=2)
    document.refresh_from_db()
    assert document.state == State.RESOLVED
    assert Resolution.objects.get().document == document
    assert document not in {
        Document(pk=held.document_id) for held in claims.claim(tickets.pk, bob, 9).documents
    }
    other = say(tickets, ann, "Billing")
    assert Document.objects.get(pk=other.pk).state == State.OPEN  # the new overlap holds for this one


def test_a_settled_document_follows_a_correction_after_the_overlap_was_raised(
    tickets: Project, joan: User, ann: User
) -> None:
    document = say(tickets, ann, "Refund")
    exclusion.change(tickets.pk, joan, overlap=2)
    answer = Annotation.objects.get()
    corrections.correct(tickets.pk, ann, answer.pk, [label(tickets, "Billing")])
    settled = Resolution.objects.get(document=document)
    assert settled.annotation.labels.get().label_class.name == "Billing"


def test_more_overlap_opens_settled_documents_where_the_manager_asks_for_that(
    tickets: Project, joan: User, ann: User, bob: User
) -> None:
    document = say(tickets, ann, "Refund")
    exclusion.change(tickets.pk, joan, overlap=2, reopens_settled=True)
    document.refresh_from_db()
    assert document.state == State.OPEN
    assert not Resolution.objects.exists()
    assert say(tickets, bob, "Refund") == document
    assert Resolution.objects.get().how == Resolution.How.AGREED


@pytest.mark.parametrize("reopens_settled", [False, True])
def test_a_raised_overlap_can_be_taken_back_without_a_trace(
    tickets: Project, joan: User, ann: User, bob: User, reopens_settled: bool
) -> None:
    document = say(tickets, ann, "Refund")
    waits = say(tickets, bob, "Refund")
    before = list(tickets.documents.order_by("pk").values_list("pk", "state", "extra_slots"))
    exclusion.change(tickets.pk, joan, overlap=3, reopens_settled=reopens_settled)
    exclusion.change(tickets.pk, joan, overlap=5)
    exclusion.change(tickets.pk, joan, overlap=1)
    assert list(tickets.documents.order_by("pk").values_list("pk", "state", "extra_slots")) == before
    assert set(Resolution.objects.values_list("document", flat=True)) == {document.pk, waits.pk}
    assert not [breach for invariant in INVARIANTS for breach in breaches(invariant)]


def test_the_effect_of_an_overlap_is_counted_before_it_is_set(
    tickets: Project, joan: User, ann: User, bob: User
) -> None:
    first, _second = say(tickets, ann, "Refund"), say(tickets, ann, "Billing")
    Document.objects.filter(pk=first.pk).update(split=Document.Split.TEST)
    effect = exclusion.overlap_effect(tickets.pk, joan, 2)
    assert (effect.settled_with_fewer, effect.settled_test_documents, effect.settles) == (2, 1, 0)
    exclusion.change(tickets.pk, joan, overlap=2)
    say(tickets, bob, "Refund")
    back = exclusion.overlap_effect(tickets.pk, joan, 1)
    assert (back.settled_with_fewer, back.settles) == (0, 1)
    with pytest.raises(NotAllowed):
        exclusion.overlap_effect(tickets.pk, ann, 2)


def test_a_second_opinion_is_asked_of_a_document_settled_under_a_smaller_overlap(
    tickets: Project, joan: User, ann: User, bob: User
) -> None:
    document = say(tickets, ann, "Refund")
    exclusion.change(tickets.pk, joan, overlap=2)
    assert second_opinions.ask(tickets.pk, [document.pk]) == [document.pk]
    rank(tickets, [document])
    assert say(tickets, bob, "Refund") == document
    assert Resolution.objects.get().how == Resolution.How.AGREED
    assert not [breach for invariant in INVARIANTS for breach in breaches(invariant)]


def test_less_overlap_settles_documents_that_have_enough(
    make_project: Callable[..., Project], joan: User, ann: User
) -> None:
    project = make_project(overlap=2)
    document = say(project, ann, "Refund")
    exclusion.change(project.pk, joan, overlap=1)
    document.refresh_from_db()
    assert document.state == State.RESOLVED


def test_more_overlap_leaves_excluded_and_decided_documents_alone(
    make_project: Callable[..., Project], joan: User, ann: User, bob: User, carla: User
) -> None:
    project = make_project(overlap=2)
    disputed = say(project, ann, "Refund")
    say(project, bob, "Billing")
    adjudication.decide(project.pk, disputed.pk, carla, [label(project, "Delivery")])
    other = project.documents.exclude(pk=disputed.pk).first()
    assert other is not None
    exclusion.exclude(project.pk, joan, other.pk)
    exclusion.change(project.pk, joan, overlap=3)
    disputed.refresh_from_db()
    other.refresh_from_db()
    assert (disputed.state, other.state) == (State.RESOLVED, State.EXCLUDED)


def test_an_excluded_document_is_labelled_by_nobody_and_keeps_what_was_said(
    tickets: Project, joan: User, ann: User, bob: User
) -> None:
    document = say(tickets, ann, "Refund")
    exclusion.exclude(tickets.pk, joan, document.pk)
    exclusion.exclude(tickets.pk, joan, document.pk)
    document.refresh_from_db()
    assert document.state == State.EXCLUDED
    assert Annotation.objects.count() == 1
    claimed = claims.claim(tickets.pk, bob, 10).documents
    assert document.pk not in {held.document_id for held in claimed}


def test_an_included_document_is_settled_by_the_answers_it_had(
    tickets: Project, joan: User, ann: User
) -> None:
    document = say(tickets, ann, "Refund")
    exclusion.exclude(tickets.pk, joan, document.pk)
    exclusion.include(tickets.pk, joan, document.pk)
    document.refresh_from_db()
    assert document.state == State.RESOLVED


def test_an_answer_from_a_file_survives_exclusion_and_a_second_click(tickets: Project, joan: User) -> None:
    document = tickets.documents.first()
    assert document is not None
    imported.record(tickets, [(document.pk, [label(tickets, "Refund")])])
    exclusion.exclude(tickets.pk, joan, document.pk)
    exclusion.include(tickets.pk, joan, document.pk)
    exclusion.include(tickets.pk, joan, document.pk)
    assert Resolution.objects.get(document=document).how == Resolution.How.IMPORTED


def test_a_decision_survives_exclusion(
    make_project: Callable[..., Project], joan: User, ann: User, bob: User, carla: User
) -> None:
    project = make_project(overlap=2)
    document = say(project, ann, "Refund")
    say(project, bob, "Billing")
    adjudication.decide(project.pk, document.pk, carla, [label(project, "Delivery")])
    exclusion.exclude(project.pk, joan, document.pk)
    exclusion.include(project.pk, joan, document.pk)
    assert Resolution.objects.get(document=document).how == Resolution.How.ADJUDICATED


def test_documents_of_other_projects_do_not_exist_here(tickets: Project, joan: User) -> None:
    other = new_projects.create(joan, name="Other", kind="single", class_names=["A"])
    document = tickets.documents.first()
    assert document is not None
    for deed in (exclusion.exclude, exclusion.include):
        with pytest.raises(NotFound):
            deed(other.pk, joan, document.pk)
