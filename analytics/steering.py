"""What moves the queue, how far, and what did it achieve? The steering page, ready to be shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Count, F
from django.db.models.fields.json import KT
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.achieved import Achieved, achieved
from analytics.metrics.intervals import NO_SUPPORT
from analytics.metrics.measures import Interval, Measure, undefined
from analytics.needs import write_needs
from labeling.actions import needs
from labeling.models import ClassNeed, LabelClass, Project, QueueEntry
from labeling.models.need_sentences import need_sentence, told_need
from labeling.models.reasons import percent

if TYPE_CHECKING:
    from django.contrib.auth.models import User

FOR_CLASSES = ("weak_class", "focus", "seed_words", "expected_positive")  # shares that ask for one class


@dataclass(frozen=True)
class ShareRow:
    """One share of the head."""

    share: str
    entries: int
    part: float  # of the head, 0 to 1
    by_class: list[tuple[LabelClass, int]]  # where it asks for classes


@dataclass(frozen=True)
class NeedRow:
    """One class: what it shall get, what it gets, and why."""

    label_class: LabelClass
    need: ClassNeed | None
    entries: int  # of the head that are there for it
    part: float  # of the head
    why: str

    @property
    def mode(self) -> str:
        return self.need.mode if self.need else ClassNeed.Mode.AUTOMATIC

    @property
    def wanted(self) -> float | None:
        """Of the queue; None while nobody has said."""
        return self.need.share if self.need and self.mode != ClassNeed.Mode.OFF else None

    @property
    def by_hand_percent(self) -> int | None:
        return round(100 * (self.wanted or 0)) if self.mode == ClassNeed.Mode.BY_HAND else None

    @property
    def f1(self) -> Measure:
        return _measure(self.need, "f1")


@dataclass(frozen=True)
class Steering:
    """Everything that the page, the API and the CSV file show."""

    project: Project
    shares: list[ShareRow]
    rows: list[NeedRow]
    entries: int  # of the head
    achieved: list[Achieved]
    last_change: ClassNeed | None  # by a manager, that can be undone

    @property
    def is_default(self) -> bool:
        """Other strategies know no shares of classes."""
        return self.project.strategy == Project.Strategy.DEFAULT

    @property
    def is_measured(self) -> bool:
        return any(row.need and row.need.evidence for row in self.rows)


def steering(project: Project) -> Steering:
    """Read in a fixed number of statements, none of them over the pool."""
    classes = {one.pk: one for one in LabelClass.objects.active().filter(project=project)}
    written = ClassNeed.objects.filter(project=project, label_class__in=classes).select_related("changed_by")
    found = {need.label_class_id: need for need in written}
    head = _head(project)
    entries = sum(head.values())
    rows = [_row(project, one, found.get(one.pk), head, entries) for one in classes.values()]
    changed = [
        need for need in found.values() if need.changed_by_id and need.mode != ClassNeed.Mode.AUTOMATIC
    ]
    return Steering(
        project,
        _shares(head, entries, classes),
        sorted(rows, key=lambda row: (-row.part, -(row.wanted or 0.0), row.label_class.position)),
        entries,
        achieved(project, classes),
        max(changed, key=lambda need: need.written_at, default=None),
    )


def headline(report: Steering) -> str:
    """What the page found."""
    if not report.is_default:
        return _("This strategy is not steered by classes")
    if not report.entries:
        return _("Nothing is ranked yet")
    if not report.project.is_steered:
        return _("Steering is off: the queue goes by its own estimate of weak classes")
    steered = [row for row in report.rows if row.need and row.part > 0]
    if not steered:
        return _("No class needs more of the queue") if report.is_measured else _("Nothing is measured yet")
    if len(steered) == 1:
        return _("{name} gets {p} of the queue").format(
            name=steered[0].label_class.name, p=percent(steered[0].part)
        )
    return ngettext(
        "{n} class gets {p} of the queue, most of all {name}",
        "{n} classes get {p} of the queue, most of all {name}",
        len(steered),
    ).format(n=len(steered), p=percent(sum(row.part for row in steered)), name=steered[0].label_class.name)


def change_need(project: Project, manager: User, class_id: UUID, mode: str, share: float | None) -> ClassNeed:
    """Set the mode of a class; an automatic one is measured at once. Raises as `set_mode` does."""
    need = needs.set_mode(project.pk, manager, class_id, mode, share)
    write_needs(project)
    need.refresh_from_db()
    return need


def change_project(
    project: Project, manager: User, is_steered: bool | None, target_f1: float | None
) -> Project:
    """Switch the steering or move the target, and measure against it at once. Raises as `steer` does."""
    project = needs.steer(project.pk, manager, is_steered, target_f1)
    write_needs(project)
    return project


def _head(project: Project) -> dict[tuple[str, str | None], int]:
    """Entries of the order of now by share and class: some thousand rows at most."""
    now = QueueEntry.objects.filter(project=project, generation=F("project__generation"))
    counted = now.values(share=KT("reason__share"), label_class=KT("reason__class")).annotate(n=Count("pk"))
    return {(row["share"], row["label_class"]): row["n"] for row in counted.order_by()}


def _shares(
    head: dict[tuple[str, str | None], int], entries: int, classes: dict[UUID, LabelClass]
) -> list[ShareRow]:
    names = {str(pk): one for pk, one in classes.items()}
    rows = []
    for share in {share for share, _class in head}:
        counts = {label_class: n for (one, label_class), n in head.items() if one == share}
        asked = [(names[pk], n) for pk, n in counts.items() if pk in names] if share in FOR_CLASSES else []
        whole = sum(counts.values())
        by_class = sorted(asked, key=lambda pair: (-pair[1], pair[0].position))
        rows.append(ShareRow(share, whole, whole / entries, by_class))
    return sorted(rows, key=lambda row: (-row.entries, row.share))


def _row(
    project: Project,
    label_class: LabelClass,
    need: ClassNeed | None,
    head: dict[tuple[str, str | None], int],
    entries: int,
) -> NeedRow:
    count = sum(head.get((share, str(label_class.pk)), 0) for share in FOR_CLASSES)
    part = count / entries if entries else 0.0
    return NeedRow(label_class, need, count, part, _why(project, label_class, need, part))


def _why(project: Project, label_class: LabelClass, need: ClassNeed | None, part: float) -> str:
    if not project.is_steered:
        return _("Steering is off for the project.")
    if need is not None and need.mode == ClassNeed.Mode.OFF:
        return _("Off: no share for this class.")
    if need is None or need.share is None:
        return _("Not measured yet: the engine's own estimate holds.")
    if need.mode == ClassNeed.Mode.AUTOMATIC and need.share == 0:
        return _("Its F1 surely reaches the target.")
    if not part:
        return _("Its share comes with the next ranking, or no document is predicted to be of it.")
    told = told_need(need.evidence, need.mode == ClassNeed.Mode.BY_HAND)
    sentence = need_sentence(label_class.name, percent(part), told)
    if need.evidence.get("is_ambiguous"):
        sentence += " " + _("People disagree on it, so it gets half of what it would.")
    return sentence


def _measure(need: ClassNeed | None, name: str) -> Measure:
    numbers = need.evidence.get(name) if need else None
    if not numbers:
        return undefined(NO_SUPPORT)
    return Measure(numbers[0], interval=Interval(numbers[1], numbers[2]))
