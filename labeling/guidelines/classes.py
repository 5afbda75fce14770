"""Label class changes: classes are added, renamed, retired and restored without an answer being rewritten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from labeling.db.clock import Now
from labeling.exceptions import InvalidInput, NotFound
from labeling.formats.names import NameProblem, checked_names, normal_name
from labeling.formats.records import MAX_NAME_CHARACTERS
from labeling.guidelines.models import MAX_CLASSES, PALETTE, LabelClass
from labeling.guidelines.shortcuts import action_keys, class_keys
from labeling.jobs.models import Job
from labeling.jobs.outbox import enqueue
from labeling.projects.members import check_storable, manager_of
from labeling.projects.models import Project

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAX_SEED_WORDS = 20  # of a class; the columns that hold them
MAX_CHARACTERS = 50  # of one of them


@transaction.atomic
def add(project_id: int, manager: User, name: str, key: str = "", color: str = "") -> LabelClass:
    """Another class, last in the list. Raises NotAllowed, InvalidInput, ValidationError for one in use."""
    _lock(project_id, manager)
    position = LabelClass.objects.filter(project=project_id).count()
    if position >= MAX_CLASSES:
        raise InvalidInput(_("A project can have at most {most} classes.").format(most=MAX_CLASSES))
    label_class = LabelClass(
        project_id=project_id,
        name=_checked_name(project_id, name),
        key=key,
        color=color or PALETTE[position % len(PALETTE)],
        position=position,
    )
    _check_key(label_class)
    check_storable(label_class)
    label_class.save()
    return label_class


@transaction.atomic
def add_named(project_id: int, names: Sequence[str]) -> list[LabelClass]:
    """The classes that these names lack, last in the list, with the keys that are free.

    Names that cannot be told from another class of the project, retired ones included, are passed over, and
    all beyond the most that a project has.
    """
    project = Project.objects.select_for_update(no_key=True).get(pk=project_id)
    existing = list(LabelClass.objects.filter(project=project).values_list("name", "key", "retired_at"))
    taken = [name for name, _key, _retired in existing]
    used_keys = {key for _name, key, retired in existing if retired is None}
    keys = (key for key in class_keys(project.kind) if key not in used_keys)
    added = []
    for name in dict.fromkeys(map(normal_name, names)):
        if name in taken or len(taken) >= MAX_CLASSES or not _can_be_named(name, taken):
            continue
        position = len(taken)
        added.append(
            LabelClass(
                project=project,
                name=name,
                key=next(keys, ""),
                color=PALETTE[position % len(PALETTE)],
                position=position,
            )
        )
        taken.append(name)
    return LabelClass.objects.bulk_create(added)


def _can_be_named(name: str, taken: Sequence[str]) -> bool:
    try:
        checked_names([name], taken)
    except NameProblem:
        return False
    return bool(name) and len(name) <= MAX_NAME_CHARACTERS and "\0" not in name


@transaction.atomic
def change(project_id: int, manager: User, class_id: UUID, **changes: Any) -> LabelClass:
    """Rename a class or give it another key, color, place or seed words; its identity and labels stay.

    Raises NotAllowed, NotFound, InvalidInput, ValidationError for a name or key in use.
    """
    _lock(project_id, manager)
    if unknown := set(changes) - {"name", "key", "color", "position", "seed_words"}:
        raise InvalidInput(
            _("These settings cannot be changed: {names}.").format(names=", ".join(sorted(unknown)))
        )
    label_class = _class_of(project_id, class_id)
    for field, value in changes.items():
        setattr(label_class, field, value)
    if "name" in changes:  # one that was allowed when the class got it, it keeps
        label_class.name = _checked_name(project_id, label_class.name, besides=class_id)
    label_class.seed_words = checked_seed_words(label_class.seed_words)
    if "key" in changes:  # one that the desk took for itself since the class got it, it keeps
        _check_key(label_class)
    check_storable(label_class)
    label_class.save(update_fields=list(changes))
    if "seed_words" in changes:
        enqueue(project_id, Job.Kind.RANK)
    return label_class


@transaction.atomic
def change_many(project_id: int, manager: User, changes: Mapping[UUID, Mapping[str, Any]]) -> int:
    """Change several classes together, so that two may swap their names or keys. Returns how many.

    Raises as `change` does; then nothing is changed.
    """
    _lock(project_id, manager)
    of_project = LabelClass.objects.filter(project=project_id)
    for class_id, fields in changes.items():  # out of each other's way first
        if "key" in fields:
            of_project.filter(pk=class_id).update(key="")
        if "name" in fields:
            of_project.filter(pk=class_id).update(name=f"{class_id}")
    for class_id, fields in changes.items():
        change(project_id, manager, class_id, **fields)
    return len(changes)


@transaction.atomic
def retire(project_id: int, manager: User, class_id: UUID) -> None:
    """No longer offer a class. Labels given so far stay, and nobody is asked for more of it.

    Raises InvalidInput for the last active class.
    """
    _lock(project_id, manager)
    label_class = _class_of(project_id, class_id)
    if not LabelClass.objects.active().filter(project=project_id).exclude(pk=label_class.pk).exists():
        raise InvalidInput(_("A project needs at least one active class."))
    retire_unasked(label_class)


def retire_unasked(label_class: LabelClass) -> None:
    """The same for whoever need not ask, of a class that is not the last."""
    LabelClass.objects.filter(pk=label_class.pk, retired_at=None).update(retired_at=Now())
    label_class.focuses.filter(ended_at=None).update(ended_at=Now())


@transaction.atomic
def restore(project_id: int, manager: User, class_id: UUID) -> LabelClass:
    """Offer a retired class again, without its key where another class has taken it."""
    _lock(project_id, manager)
    label_class = _class_of(project_id, class_id)
    others = LabelClass.objects.active().filter(project=project_id).exclude(pk=label_class.pk)
    if others.filter(key=label_class.key).exists():
        label_class.key = ""
    label_class.retired_at = None
    label_class.save(update_fields=["key", "retired_at"])
    return label_class


def checked_seed_words(words: Sequence[str]) -> list[str]:
    """The words and phrases without doubles and empty ones. Raises InvalidInput that says which is wrong.

    >>> checked_seed_words([" money  back", "", "Money back", "refund"])
    ['money back', 'refund']
    """
    tidy: dict[str, str] = {}
    for text in words:
        word = " ".join(text.split())
        if len(word) > MAX_CHARACTERS:
            raise InvalidInput(
                _("“{word}…” is longer than {most} characters. Shorten it.").format(
                    word=word[:20], most=MAX_CHARACTERS
                )
            )
        if word:
            tidy.setdefault(word.casefold(), word)
    if len(tidy) > MAX_SEED_WORDS:
        raise InvalidInput(_("Enter at most {most} seed words per class.").format(most=MAX_SEED_WORDS))
    return list(tidy.values())


def _lock(project_id: int, manager: User) -> None:
    """Two managers take turns: each sees the classes as the other left them."""
    manager_of(project_id, manager)
    Project.objects.select_for_update(no_key=True).get(pk=project_id)


def _checked_name(project_id: int, name: str, besides: UUID | None = None) -> str:
    """The name in its normal form. Raises ValidationError for one that cannot be told from another one."""
    others = LabelClass.objects.filter(project=project_id)
    if besides:
        others = others.exclude(pk=besides)
    try:
        return checked_names([name], list(others.values_list("name", flat=True)))[0]
    except NameProblem as problem:
        raise ValidationError({"name": [_(problem.message) % problem.values]}) from problem


def _check_key(label_class: LabelClass) -> None:
    reserved = action_keys(label_class.project.kind).values()
    if label_class.key and label_class.key in reserved:
        raise ValidationError(
            {
                "key": [
                    _("The keys {keys} are reserved for the labeling page. Choose others.").format(
                        keys=" ".join(reserved)
                    )
                ]
            }
        )


def _class_of(project_id: int, class_id: UUID) -> LabelClass:
    of_project = LabelClass.objects.select_related("project").filter(project=project_id)
    label_class = of_project.filter(pk=class_id).first()
    if label_class is None:
        raise NotFound
    return label_class
