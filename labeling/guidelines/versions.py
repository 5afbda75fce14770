"""Guideline versions: every save is a new version; later annotations carry its number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.db.models import Exists
from django.utils.translation import gettext_noop

from labeling.exceptions import LabelingError, UnknownClass
from labeling.guidelines.models import ClassRule, Guideline, LabelClass
from labeling.projects.members import check_storable, manager_of
from labeling.projects.models import Membership, Project

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class GuidelineMoved(LabelingError):
    """Another member saved a new version while you were editing. Compare it with yours and save again."""

    summary = gettext_noop(
        "Another member saved a new version while you were editing. Compare it with yours and save again."
    )


@dataclass(frozen=True)
class RuleText:
    """What a version says about one class; examples stand one a line."""

    definition: str = ""
    examples: str = ""
    counter_examples: str = ""


@transaction.atomic
def publish(
    project_id: int,
    manager: User,
    *,
    body: str,
    rules: Mapping[UUID, RuleText],
    change: str,
    note: str = "",
    based_on: int | None = None,
) -> Guideline:
    """Store the next version of the guideline. `based_on` is the number of the version that was edited.

    Raises NotAllowed, UnknownClass, ValidationError, and GuidelineMoved when that is no longer the newest.
    """
    member = manager_of(project_id, manager)
    Project.objects.select_for_update(no_key=True).get(pk=project_id)  # two editors take turns
    newest = Guideline.objects.filter(project=project_id).order_by("-number").first()
    number = newest.number if newest else 0
    if based_on is not None and based_on != number:
        raise GuidelineMoved
    guideline = Guideline(
        project_id=project_id, number=number + 1, change=change, note=note, body=body, author=manager
    )
    check_storable(guideline)
    guideline.save()
    if LabelClass.objects.filter(project=project_id, pk__in=rules).count() < len(rules):
        raise UnknownClass
    class_rules = [
        ClassRule(
            guideline=guideline,
            label_class_id=class_id,
            definition=rule.definition,
            examples=rule.examples,
            counter_examples=rule.counter_examples,
        )
        for class_id, rule in rules.items()
    ]
    for class_rule in class_rules:
        check_storable(class_rule, is_unique=True)
    ClassRule.objects.bulk_create(class_rules)
    mark_read(member, guideline.number)
    return guideline


def mark_read(member: Membership, number: int) -> None:
    """Remember that the person has read the guideline up to this version; never less than before."""
    is_there = Exists(Guideline.objects.filter(project=member.project_id, number=number))
    Membership.objects.filter(is_there, pk=member.pk, read_guideline__lt=number).update(read_guideline=number)
