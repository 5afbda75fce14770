"""How does the guideline change?"""

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import Error, transaction

from labeling.annotations import submit
from labeling.annotations.models import Annotation
from labeling.annotations.submit import Submission
from labeling.exceptions import NotAllowed, UnknownClass
from labeling.guidelines import versions
from labeling.guidelines.models import Guideline, LabelClass
from labeling.guidelines.versions import GuidelineMoved, RuleText
from labeling.projects.models import Project
from labeling.queue import claims
from tests.fixtures.people import label

CLARIFICATION = Guideline.Change.CLARIFICATION


def publish(project: Project, manager: User, body: str = "New", **facts) -> Guideline:
    return versions.publish(
        project.pk, manager, **({"body": body, "rules": {}, "change": CLARIFICATION} | facts)
    )


def test_every_save_is_a_new_version_and_the_old_one_stays(tickets: Project, joan: User) -> None:
    refund = LabelClass.objects.get(project=tickets, name="Refund")
    second = publish(
        tickets, joan, "# Rules", rules={refund.pk: RuleText("Wants money", "Give it back", "Which card?")}
    )
    third = publish(tickets, joan, "# Better", note="shorter")
    assert (second.number, third.number) == (2, 3)
    assert Guideline.objects.get(project=tickets, number=2).body == "# Rules"
    assert second.rules.get().definition == "Wants money"
    with pytest.raises(Error, match="append-only"), transaction.atomic():
        Guideline.objects.filter(pk=second.pk).update(body="rewritten")


def test_an_answer_carries_the_version_it_was_claimed_under(tickets: Project, joan: User, ann: User) -> None:
    (held,) = claims.claim(tickets.pk, ann).documents
    publish(tickets, joan)
    submit.submit(ann, Submission(held.token, [label(tickets, "Refund")]))
    (later,) = claims.claim(tickets.pk, ann).documents
    submit.submit(ann, Submission(later.token, [label(tickets, "Refund")]))
    assert list(Annotation.objects.order_by("id").values_list("guideline__number", flat=True)) == [1, 2]


def test_two_editors_do_not_overwrite_each_other(tickets: Project, joan: User) -> None:
    publish(tickets, joan, based_on=1)
    with pytest.raises(GuidelineMoved):
        publish(tickets, joan, based_on=1)
    assert publish(tickets, joan, based_on=2).number == 3


def test_only_managers_publish(tickets: Project, ann: User, carla: User) -> None:
    for person in (ann, carla):
        with pytest.raises(NotAllowed):
            publish(tickets, person)


def test_a_rule_for_a_class_of_another_project_is_refused(tickets: Project, joan: User) -> None:
    with pytest.raises(UnknownClass):
        publish(tickets, joan, rules={uuid.uuid4(): RuleText("x")})
    assert Guideline.objects.filter(project=tickets).count() == 1


@pytest.mark.parametrize(
    "facts", [{"body": "x" * 100_001}, {"body": "\0"}, {"note": "x" * 301}, {"change": "whim"}]
)
def test_what_cannot_be_stored_is_refused(tickets: Project, joan: User, facts: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        publish(tickets, joan, **facts)


def test_a_rule_that_is_too_long_is_refused_with_its_whole_version(tickets: Project, joan: User) -> None:
    refund = LabelClass.objects.get(project=tickets, name="Refund")
    with pytest.raises(ValidationError):
        publish(tickets, joan, rules={refund.pk: RuleText("x" * 2001)})
    assert Guideline.objects.filter(project=tickets).count() == 1
