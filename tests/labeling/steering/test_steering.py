"""How does somebody ask for more labels of a class?"""

import uuid

import pytest
from django.contrib.auth.models import User
from django.db import connection

from labeling.annotations import submit
from labeling.annotations.submit import Submission
from labeling.exceptions import InvalidInput, NotAllowed, UnknownClass
from labeling.guidelines import classes
from labeling.jobs.models import Job
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.steering import actions
from labeling.steering.models import Focus
from tests.fixtures.people import label


def refund(project: Project) -> uuid.UUID:
    return label(project, "Refund").label_class


def test_a_wish_counts_labels_from_now_on_and_ranks_the_queue_again(
    tickets: Project, joan: User, ann: User
) -> None:
    (held,) = claims.claim(tickets.pk, ann).documents
    done = submit.submit(ann, Submission(held.token, [label(tickets, "Refund")]))
    focus = actions.focus_on(tickets.pk, joan, refund(tickets), 20, "it is weak")
    assert (focus.wanted_labels, focus.since_annotation) == (20, done.annotation_id)
    assert Job.objects.filter(project=tickets, kind=Job.Kind.RANK).count() == 1


def test_a_new_wish_takes_the_place_of_the_old_one(tickets: Project, joan: User) -> None:
    actions.focus_on(tickets.pk, joan, refund(tickets), 20)
    actions.focus_on(tickets.pk, joan, refund(tickets), 5)
    assert [focus.wanted_labels for focus in Focus.objects.standing()] == [5]


def test_a_wish_can_be_taken_back_once(tickets: Project, joan: User) -> None:
    actions.focus_on(tickets.pk, joan, refund(tickets), 20)
    assert actions.end_focus(tickets.pk, joan, refund(tickets))
    assert not actions.end_focus(tickets.pk, joan, refund(tickets))
    assert not Focus.objects.standing().exists()


@pytest.mark.parametrize("wanted", [0, -1, 10_001])
def test_an_impossible_number_is_refused(tickets: Project, joan: User, wanted: int) -> None:
    with pytest.raises(InvalidInput):
        actions.focus_on(tickets.pk, joan, refund(tickets), wanted)


def test_a_queue_that_is_drawn_at_random_cannot_bring_more_of_a_class(tickets: Project, joan: User) -> None:
    Project.objects.filter(pk=tickets.pk).update(strategy="random")
    with pytest.raises(InvalidInput, match="labels documents at random"):
        actions.focus_on(tickets.pk, joan, refund(tickets), 5)
    assert not Focus.objects.exists()


def test_only_managers_steer_and_only_towards_classes_that_can_be_chosen(
    tickets: Project, joan: User, ann: User, carla: User
) -> None:
    for person in (ann, carla):
        with pytest.raises(NotAllowed):
            actions.focus_on(tickets.pk, person, refund(tickets), 5)
        with pytest.raises(NotAllowed):
            actions.end_focus(tickets.pk, person, refund(tickets))
    with pytest.raises(UnknownClass):
        actions.focus_on(tickets.pk, joan, uuid.uuid4(), 5)
    classes.retire(tickets.pk, joan, refund(tickets))
    with pytest.raises(UnknownClass):
        actions.focus_on(tickets.pk, joan, refund(tickets), 5)


def test_a_process_of_before_finds_the_column_that_the_models_forgot(tickets: Project, joan: User) -> None:
    """In a rolling restart old and new processes write the same tables."""
    focus = actions.focus_on(tickets.pk, joan, refund(tickets), 20)
    ModelVersion.objects.create(project=tickets, number=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT is_automatic FROM labeling_focus WHERE id = %s", [focus.pk])
        assert cursor.fetchall() == [(False,)]
        cursor.execute("SELECT path FROM labeling_modelversion WHERE project_id = %s", [tickets.pk])
        assert cursor.fetchall() == [("",)]
        cursor.execute(
            "INSERT INTO labeling_modelversion (project_id, number, state, classes, label_count,"
            " trained_through, facts, path, failure) VALUES (%s, 2, 'ready', '{}', 0, 0, '{}', '', '')",
            [tickets.pk],
        )
    assert ModelVersion.objects.filter(project=tickets).count() == 2
