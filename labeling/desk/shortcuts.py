"""Personal keyboard shortcuts: keys of somebody's own at the desk, for one project, beside the project's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from labeling.exceptions import InvalidInput
from labeling.guidelines.models import LabelClass
from labeling.guidelines.shortcuts import OFF, is_key, project_keys
from labeling.projects.members import member_of
from labeling.projects.models import Membership

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def choose(project_id: int, user: User, requested: Mapping[str, str], *, is_off: bool = False) -> None:
    """Store the person's keys: {class identifier or action: key, "" for none}, whole or in part.

    Only what differs from the project's keys is kept, so that the rest follows the project. `is_off` turns
    single keys off. Raises NotAMember, and InvalidInput (with the `field` of it) for what is no key or
    stands twice.
    """
    member = member_of(project_id, user)
    classes = LabelClass.objects.active().filter(project=project_id)
    of_project = project_keys(
        {str(pk): key for pk, key in classes.values_list("pk", "key")}, member.project.kind
    )
    chosen = {name: key.strip().lower() for name, key in requested.items() if name in of_project}
    result = of_project | chosen
    counts = Counter(key for key in result.values() if key)
    for name, key in chosen.items():
        if key and not is_key(key):
            text = _(
                "“{key}” is not a valid key. Use one letter, digit or punctuation mark other than / and ?."
            )
            raise InvalidInput(text.format(key=key), field=name)
        if key and counts[key] > 1:
            raise InvalidInput(_("The key “{key}” is listed twice. Remove one.").format(key=key), field=name)
    own: dict[str, Any] = {name: key for name, key in result.items() if key != of_project[name]}
    if is_off:
        own[OFF] = True
    Membership.objects.filter(pk=member.pk).update(keys=own)


def reset(project_id: int, user: User) -> None:
    """Back to the project's keys. Raises NotAMember."""
    Membership.objects.filter(pk=member_of(project_id, user).pk).update(keys={})
