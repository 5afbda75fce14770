"""Who decides where annotators disagree?"""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from labeling.annotations import adjudication, exclusion, submit
from labeling.annotations.models import Annotation, Resolution
from labeling.annotations.submit import Submission
from labeling.documents.models import Document
from labeling.exceptions import (
    InvalidAnswer,
    NotAllowed,
    NotAMember,
    NotDisputed,
    NotFound,
    NotIndependent,
    WrongState,
)
from labeling.guidelines import new_projects
from labeling.management.invariants import INVARIANTS, breaches
from labeling.projects import members
from labeling.projects.models import Membership, Project
from labeling.queue import claims
from labeling.ranking import gold
from tests.fixtures.people import label


@pytest.fixture
def dispute(make_project: Callable[..., Project], ann: User, bob: User) -> Document:
    """Ann says Refund, Bob says Billing."""
    project = make_project(overlap=2)
    for person, name in ((ann, "Refund"), (bob, "Billing")):
        (held,) = claims.claim(project.pk, person).documents
        submit.submit(person, Submission(held.token, [label(project, name)]))
    return Document.objects.get(project=project, state=Document.State.DISPUTED)


def test_the_adjudicator_s_word_settles_and_what_was_said_stays(dispute: Document, carla: User) -> None:
    project = dispute.project
    decided = adjudication.decide(project.pk, dispute.pk, carla, [label(project, "Delivery")], "see rule 2")
    dispute.refresh_from_db()
    assert dispute.state == Document.State.RESOLVED
    assert (dispute.resolution.annotation, dispute.resolution.how) == (decided, Resolution.How.ADJUDICATED)
    assert Annotation.objects.filter(document=dispute).count() == 3
    assert decided.guideline is not None
    assert (decided.note, decided.guideline.number) == ("see rule 2", 1)


def test_annotators_and_strangers_do_not_decide(dispute: Document, ann: User, eve: User) -> None:
    with pytest.raises(NotAllowed):
        adjudication.decide(dispute.project_id, dispute.pk, ann, [label(dispute.project, "Refund")])
    with pytest.raises(NotAMember):
        adjudication.decide(dispute.project_id, dispute.pk, eve, [label(dispute.project, "Refund")])


def test_nobody_decides_on_their_own_answer_while_somebody_else_could(
    dispute: Document, joan: User, ann: User, carla: User
) -> None:
    project = dispute.project
    members.add_member(project.pk, joan, ann, Membership.Role.ADJUDICATOR)
    with pytest.raises(NotIndependent):
        adjudication.decide(project.pk, dispute.pk, ann, [label(project, "Refund")])


def test_answers_to_other_documents_leave_an_adjudicator_independent(
    dispute: Document, joan: User, ann: User, bob: User, carla: User
) -> None:
    project = dispute.project
    members.add_member(project.pk, joan, ann, Membership.Role.MANAGER)
    members.remove_member(project.pk, ann, joan)
    (held,) = claims.claim(project.pk, carla).documents
    submit.submit(carla, Submission(held.token, [label(project, "Refund")]))
    with pytest.raises(NotIndependent):  # Carla labeled another document, so she could decide this one
        adjudication.decide(project.pk, dispute.pk, ann, [label(project, "Refund")])


def test_where_everybody_who_could_decide_has_labeled_it_one_of_them_may(
    dispute: Document, joan: User, ann: User, carla: User
) -> None:
    project = dispute.project
    members.add_member(project.pk, joan, ann, Membership.Role.MANAGER)
    members.remove_member(project.pk, ann, joan)
    members.remove_member(project.pk, ann, carla)
    decided = adjudication.decide(project.pk, dispute.pk, ann, [label(project, "Refund")])
    assert Resolution.objects.get(document=dispute).annotation == decided


def test_a_dispute_is_decided_once(dispute: Document, joan: User, carla: User) -> None:
    adjudication.decide(dispute.project_id, dispute.pk, carla, [label(dispute.project, "Refund")])
    with pytest.raises(NotDisputed):
        adjudication.decide(dispute.project_id, dispute.pk, joan, [label(dispute.project, "Billing")])


def test_a_decision_fits_the_project(dispute: Document, carla: User) -> None:
    project = dispute.project
    with pytest.raises(InvalidAnswer):
        adjudication.decide(project.pk, dispute.pk, carla, [])
    with pytest.raises(InvalidAnswer):
        adjudication.decide(
            project.pk, dispute.pk, carla, [label(project, "Refund"), label(project, "Billing")]
        )
    assert Document.objects.get(pk=dispute.pk).state == Document.State.DISPUTED


def test_documents_of_other_projects_do_not_exist_here(dispute: Document, joan: User, carla: User) -> None:
    other = new_projects.create(joan, name="Other", kind="single", class_names=["A"])
    with pytest.raises(NotFound):
        adjudication.decide(other.pk, dispute.pk, joan, [label(other, "A")])


def test_a_settled_document_is_labeled_anew_and_what_was_said_stays(
    tickets: Project, ann: User, joan: User
) -> None:
    (held,) = claims.claim(tickets.pk, ann).documents
    submit.submit(ann, Submission(held.token, [label(tickets, "Refund")]))
    first = adjudication.relabel(tickets.pk, held.document_id, joan, [label(tickets, "Billing")], "By rule 3")
    document = Document.objects.get(pk=held.document_id)
    assert (document.state, document.resolution.annotation) == ("resolved", first)
    assert document.resolution.how == Resolution.How.ADJUDICATED
    again = adjudication.relabel(tickets.pk, document.pk, joan, [label(tickets, "Refund")])
    assert again.supersedes == first
    assert Annotation.objects.current().filter(document=document).count() == 2  # Ann's, and the last word
    assert Annotation.objects.filter(document=document).count() == 3
    assert not [breach for promise in INVARIANTS for breach in breaches(promise)]


def test_an_open_document_in_somebody_s_hands_is_settled_and_their_answer_is_kept_beside_it(
    tickets: Project, ann: User, joan: User
) -> None:
    (held,) = claims.claim(tickets.pk, ann).documents
    adjudication.relabel(tickets.pk, held.document_id, joan, [label(tickets, "Billing")])
    late = submit.submit(ann, Submission(held.token, [label(tickets, "Refund")]))
    assert late.outcome == "surplus"
    assert Document.objects.get(pk=held.document_id).resolution.how == Resolution.How.ADJUDICATED


def test_gold_and_excluded_documents_are_not_labeled_anew_by_the_way(
    tickets: Project, ann: User, joan: User
) -> None:
    (held,) = claims.claim(tickets.pk, ann).documents
    submit.submit(ann, Submission(held.token, [label(tickets, "Refund")]))
    gold.mark(tickets.pk, joan, held.document_id)
    with pytest.raises(WrongState, match="Remove the gold mark first"):
        adjudication.relabel(tickets.pk, held.document_id, joan, [label(tickets, "Billing")])
    gold.unmark(tickets.pk, joan, held.document_id)
    exclusion.exclude(tickets.pk, joan, held.document_id)
    with pytest.raises(WrongState, match="Include the document first"):
        adjudication.relabel(tickets.pk, held.document_id, joan, [label(tickets, "Billing")])


def test_who_labeled_a_document_labels_it_anew_only_where_nobody_else_could(
    tickets: Project, joan: User, ann: User, carla: User
) -> None:
    (held,) = claims.claim(tickets.pk, joan).documents
    submit.submit(joan, Submission(held.token, [label(tickets, "Refund")]))
    with pytest.raises(NotIndependent):
        adjudication.relabel(tickets.pk, held.document_id, joan, [label(tickets, "Billing")])
    with pytest.raises(NotAllowed):
        adjudication.relabel(tickets.pk, held.document_id, ann, [label(tickets, "Billing")])
    members.remove_member(tickets.pk, joan, carla)
    adjudication.relabel(tickets.pk, held.document_id, joan, [label(tickets, "Billing")])
