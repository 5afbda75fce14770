"""Project imports: a project with classes, guideline and everybody's labels from another tool's file."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from labeling.documents.imports import ImportJob
from labeling.exceptions import InvalidInput
from labeling.exchange.importing import ImportReport, import_documents
from labeling.exchange.rejects import kept
from labeling.exchange.sources import open_rows
from labeling.formats.names import NameProblem, checked_names, normal_name
from labeling.formats.outlines import OutlineClass, ProjectOutline
from labeling.formats.records import MAX_NAME_CHARACTERS
from labeling.guidelines import classes, new_projects, versions
from labeling.guidelines.models import MAX_CLASSES, ClassRule, Guideline, LabelClass
from labeling.guidelines.shortcuts import class_keys
from labeling.guidelines.versions import RuleText
from labeling.projects.members import check_storable
from labeling.projects.models import Membership, Project

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAX_DEFINITION_CHARACTERS = 2_000
COLOR = re.compile("#[0-9a-f]{6}")


@dataclass(frozen=True)
class ProjectImport:
    """What became of a file: its project, and what was read."""

    project: Project
    report: ImportReport


def usable_outline(outline: ProjectOutline) -> ProjectOutline:
    """The outline with the classes that a project here can have; what falls away is told in `losses`."""
    kept: list[OutlineClass] = []
    losses = list(outline.losses)
    for label_class in outline.classes:
        names = [other.name for other in kept]
        name = normal_name(label_class.name)
        if name in names:
            continue
        try:
            checked_names([name], names)
        except NameProblem as problem:
            losses.append(_(problem.message) % problem.values)
            continue
        if not name or len(name) > MAX_NAME_CHARACTERS or "\0" in name:
            losses.append(_("“{name}” cannot be the name of a class.").format(name=name[:50]))
            continue
        kept.append(replace(label_class, name=name, description=_storable(label_class.description)))
    if len(kept) > MAX_CLASSES:
        losses.append(_("A project can have at most {most} classes.").format(most=MAX_CLASSES))
    return replace(
        outline,
        name=_storable(outline.name),
        description=_storable(outline.description),
        guidelines=tuple(
            replace(g, text=_storable(g.text), summary=_storable(g.summary)) for g in outline.guidelines
        ),
        classes=tuple(kept[:MAX_CLASSES]),
        losses=tuple(losses),
    )


def _storable(text: str) -> str:
    """Without what the database refuses: NUL and halves of characters."""
    return text.replace("\0", "").encode(errors="replace").decode()


@transaction.atomic
def create_from_outline(
    creator: User,
    outline: ProjectOutline,
    *,
    name: str = "",
    kind: str = "",
    class_names: Sequence[str] = (),
    creation_key: UUID | None = None,
    **policy: Any,
) -> Project:
    """A project as the outline describes it; the arguments say what the outline does not, and win over it.

    Raises InvalidInput where neither says of what kind it is and which classes it has, and as
    `new_projects.create` does.
    """
    outline = usable_outline(outline)
    names = list(class_names) or [label_class.name for label_class in outline.classes]
    kind = kind or outline.kind or ""
    if not kind:
        raise InvalidInput(_("The file has no labels, so it does not show the task type. Choose one."))
    if not names:
        raise InvalidInput(_("The file names no classes. Enter them."))
    policy.setdefault("description", outline.description[:2000])
    policy.setdefault("allows_overlapping_spans", outline.allows_overlapping_spans)
    fields: dict[str, Any] = {
        "name": (" ".join((name or outline.name).split()) or outline.tool)[:100],
        "kind": kind,
        "class_names": names,
    }
    if outline.has_versions:
        policy["has_guideline"] = False
    if creation_key is None:
        project = new_projects.create(creator, **fields, **policy)
    else:
        project = new_projects.create_once(creator, creation_key, **fields, **policy)
        if ImportJob.objects.filter(project=project).exists():  # the request was carried out before
            return project
        if Guideline.objects.filter(project=project, number__gt=0 if outline.has_versions else 1).exists():
            return project
    _describe_classes(project, outline)
    store = _store_versions if outline.has_versions else _publish_guidelines
    store(project, creator, outline)
    return project


def import_project(
    creator: User,
    path: Path,
    filename: str,
    file_format: str,
    outline: ProjectOutline,
    on_progress: Callable[[ImportReport, float], None] | None = None,
    bad_rows: Path | None = None,
    **options: Any,
) -> ProjectImport:
    """Make the project and read all its documents in one go; for commands, which may take their time.

    on_progress : is told of each chunk with the share of the file that was read, 0 to 1
    bad_rows : a file to which the rows that cannot be read are written
    options : as `create_from_outline` takes them
    Raises as `create_from_outline` and `import_documents` do.
    """
    project = create_from_outline(creator, outline, **options)
    with open_rows(path, filename, file_format) as rows:

        def report_progress(report: ImportReport) -> None:
            if on_progress:
                on_progress(report, rows.share_read)

        every_row = kept(iter(rows), bad_rows, file_format) if bad_rows else iter(rows)
        report = import_documents(
            project.pk, every_row, report_progress, source=filename, person=creator, adds_classes=True
        )
    retire_classes(project, retired_names(outline))
    return ProjectImport(project, report)


def retire_classes(project: Project, names: Sequence[str]) -> None:
    """Retire the classes that were retired where the file comes from, once their labels are in."""
    for label_class in LabelClass.objects.active().filter(project=project, name__in=names):
        if LabelClass.objects.active().filter(project=project).exclude(pk=label_class.pk).exists():
            classes.retire_unasked(label_class)


def retired_names(outline: ProjectOutline) -> list[str]:
    """The names of the classes that were retired in the other tool."""
    return [normal_name(label_class.name) for label_class in outline.classes if not label_class.is_active]


def _describe_classes(project: Project, outline: ProjectOutline) -> None:
    """Colors and shortcuts as the file has them, as far as they fit here and clash with no other."""
    described = {label_class.name: label_class for label_class in outline.classes}
    own = list(project.classes.order_by("position"))
    free = list(class_keys(project.kind))
    keys: dict[UUID, str] = {}
    for label_class in own:
        shortcut = described[label_class.name].shortcut.lower() if label_class.name in described else ""
        if shortcut in free:
            free.remove(shortcut)
            keys[label_class.pk] = shortcut
    LabelClass.objects.filter(project=project).update(key="")
    for label_class in own:
        spare = free.pop(0) if free and not outline.is_complete and label_class.pk not in keys else ""
        label_class.key = keys.get(label_class.pk, spare)
        if description := described.get(label_class.name):
            if COLOR.fullmatch(description.color.lower()):
                label_class.color = description.color.lower()
            label_class.seed_words = _seed_words(description)
    LabelClass.objects.bulk_update(own, ["key", "color", "seed_words"])


def _seed_words(label_class: OutlineClass) -> list[str]:
    try:
        return classes.checked_seed_words(label_class.seed_words)
    except InvalidInput:
        return []


def _store_versions(project: Project, creator: User, outline: ProjectOutline) -> None:
    """The versions of the guideline as they were elsewhere: number, time, author and rules."""
    class_ids = {label_class.name: label_class.pk for label_class in project.classes.all()}
    for number, outlined in enumerate(outline.guidelines, 1):
        guideline = Guideline(
            project=project,
            number=number,
            change=outlined.change if outlined.change in Guideline.Change.values else Guideline.Change.RULE,
            note=outlined.summary[:300],
            body=outlined.text[:100_000],
            author=creator,
            author_elsewhere=outlined.author[:150],
            **_time(outlined.created_at),
        )
        check_storable(guideline)
        guideline.save()
        ClassRule.objects.bulk_create(
            ClassRule(
                guideline=guideline,
                label_class_id=class_ids[rule.label_class],
                definition=rule.definition[:2000],
                examples=rule.examples[:5000],
                counter_examples=rule.counter_examples[:5000],
            )
            for rule in {rule.label_class: rule for rule in outlined.rules}.values()
            if rule.label_class in class_ids
        )
    versions.mark_read(Membership.objects.get(project=project, user=creator), len(outline.guidelines))


def _time(text: str) -> dict[str, datetime]:
    """The time of a version, if the file states it; else it is stored with the time of the import.

    >>> _time("2026-01-02T03:04:05+00:00")["created_at"].year, _time("yesterday")
    (2026, {})
    """
    try:
        time = datetime.fromisoformat(text)
        # An hour before the year 1 is a time in some zone, and in no database.
        return {} if time.tzinfo is None else {"created_at": time.astimezone(UTC)}
    except (ValueError, OverflowError):
        return {}


def _publish_guidelines(project: Project, creator: User, outline: ProjectOutline) -> None:
    """Each version of the guideline, the definitions of the classes with the newest."""
    definitions = {c.name: c.description for c in outline.classes if c.description.strip()}
    rules = {
        label_class.pk: RuleText(definition=definitions[label_class.name][:MAX_DEFINITION_CHARACTERS])
        for label_class in project.classes.all()
        if label_class.name in definitions
    }
    guidelines = [g for g in outline.guidelines if g.text.strip() or g.summary.strip()]
    for number, guideline in enumerate(guidelines, 1):
        versions.publish(
            project.pk,
            creator,
            body=guideline.text[:100_000],
            rules=rules if number == len(guidelines) else {},
            change=Guideline.Change.CLARIFICATION,
            note=guideline.summary[:300] or _("Imported from {tool}").format(tool=outline.tool),
        )
    if rules and not guidelines:
        note = _("Imported from {tool}").format(tool=outline.tool)
        change = Guideline.Change.CLARIFICATION
        versions.publish(project.pk, creator, body="", rules=rules, change=change, note=note)
