"""Who decides where annotators disagree?"""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from labeling.actions import adjudication, annotations, projects, queue
from labeling.actions.annotations import Submission
from labeling.exceptions import InvalidAnswer, NotAllowed, NotAMember, NotDisputed, NotFound, NotIndependent
from labeling.models import Annotation, Document, Membership, Project, Resolution
from tests.cast import label


@pytest.fixture
def dispute(make_project: Callable[..., Project], ann: User, bob: User) -> Document:
    """Ann says Refund, Bob says Billing."""
    project = make_project(overlap=2)
    for person, name in ((ann, "Refund"), (bob, "Billing")):
        (held,) = queue.claim(project.pk, person).documents
        annotations.submit(person, Submission(held.token, [label(project, name)]))
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
    projects.add_member(project.pk, joan, ann, Membership.Role.ADJUDICATOR)
    with pytest.raises(NotIndependent):
        adjudication.decide(project.pk, dispute.pk, ann, [label(project, "Refund")])


def test_answers_to_other_documents_leave_an_adjudicator_independent(
    dispute: Document, joan: User, ann: User, bob: User, carla: User
) -> None:
    project = dispute.project
    projects.add_member(project.pk, joan, ann, Membership.Role.MANAGER)
    projects.remove_member(project.pk, ann, joan)
    (held,) = queue.claim(project.pk, carla).documents
    annotations.submit(carla, Submission(held.token, [label(project, "Refund")]))
    with pytest.raises(NotIndependent):  # Carla labelled another document, so she could decide this one
        adjudication.decide(project.pk, dispute.pk, ann, [label(project, "Refund")])


def test_where_everybody_who_could_decide_has_labelled_it_one_of_them_may(
    dispute: Document, joan: User, ann: User, carla: User
) -> None:
    project = dispute.project
    projects.add_member(project.pk, joan, ann, Membership.Role.MANAGER)
    projects.remove_member(project.pk, ann, joan)
    projects.remove_member(project.pk, ann, carla)
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
    other = projects.create(joan, name="Other", kind="single", class_names=["A"])
    with pytest.raises(NotFound):
        adjudication.decide(other.pk, dispute.pk, joan, [label(other, "A")])
