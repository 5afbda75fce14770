"""New projects: a project with its classes, its first guideline and its manager, made once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from labeling.exceptions import InvalidInput
from labeling.formats.names import NameProblem, checked_names
from labeling.guidelines.models import MAX_CLASSES, PALETTE, Guideline, LabelClass
from labeling.guidelines.shortcuts import class_keys
from labeling.idempotency.models import KeyedRequest
from labeling.idempotency.requests import begin
from labeling.projects.members import check_storable
from labeling.projects.models import Membership, Project

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@transaction.atomic
def create_once(creator: User, creation_key: UUID, **fields: Any) -> Project:
    """`create`, or the project that this person made by the same request before.

    Raises as `create` does, and KeyReused for another project under the key.
    """
    request = begin(creator, None, KeyedRequest.Route.CREATE, str(creation_key), fields)
    if request.is_repeated:
        return Project.objects.get(pk=request.result)
    project = create(creator, **fields)
    request.finish(project.pk)
    return project


@transaction.atomic
def create(
    creator: User,
    *,
    name: str,
    kind: str,
    class_names: Sequence[str],
    has_guideline: bool = True,
    **policy: Any,
) -> Project:
    """A new project with its classes, an empty first guideline, and its creator as manager.

    has_guideline : False for whoever stores the versions of another project next
    Classes get keys without clashes and colors that can be told apart. Raises InvalidInput, and
    ValidationError for a name or a policy that cannot be.
    """
    try:
        names = checked_names(name for name in class_names if name.strip())
    except NameProblem as problem:
        raise ValidationError({"class_names": [_(problem.message) % problem.values]}) from problem
    if len(names) != len(set(names)) or not 1 <= len(names) <= MAX_CLASSES:
        raise InvalidInput(_("Enter 1 to {most} classes, each with a unique name.").format(most=MAX_CLASSES))
    project = Project(name=" ".join(name.split()), kind=kind, **policy)
    check_storable(project)
    project.save()
    Membership.objects.create(project=project, user=creator, role=Membership.Role.MANAGER)
    classes = [
        LabelClass(
            project=project, name=class_name, key=key, color=PALETTE[index % len(PALETTE)], position=index
        )
        for index, (class_name, key) in enumerate(zip(names, _keys(len(names), kind), strict=True))
    ]
    for label_class in classes:
        check_storable(label_class, is_unique=True)
    LabelClass.objects.bulk_create(classes)
    if has_guideline:
        Guideline.objects.create(project=project, number=1, change=Guideline.Change.FIRST, author=creator)
    return project


def _keys(count: int, kind: str) -> list[str]:
    """One key a class as far as keys go; the rest are found by typing."""
    keys = class_keys(kind)
    return keys[:count] + [""] * (count - len(keys))
