"""Steering report: what moves the queue, how far, and what it achieved. Ready to be shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.class_report.class_needs import write_needs
from analytics.class_report.focus_effect import FocusEffect, focus_effects
from analytics.class_report.queue_shares import QueueShares, queue_shares
from analytics.data.queries import latest_model
from analytics.metrics.intervals import NO_SUPPORT
from analytics.metrics.measures import Interval, Measure, undefined
from labeling.explanations.needs import describe_need, need_sentence
from labeling.formatting import percent
from labeling.guidelines.models import LabelClass
from labeling.jobs.models import Job
from labeling.learning.query_strategies.mix import CLASS_SHARES
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project
from labeling.ranking.class_targets import most_needed
from labeling.steering import class_needs
from labeling.steering.models import ClassNeed
from labeling.training.model_status import HAS_MODEL, ModelState, ModelStatus, missing_model

if TYPE_CHECKING:
    from django.contrib.auth.models import User

SHORT = 0.75  # of what is wanted: a class that gets less has too few documents


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
    def target_share(self) -> float | None:
        """Of the queue; None while nobody has said."""
        return self.need.share if self.need and self.mode != ClassNeed.Mode.OFF else None

    @property
    def by_hand_percent(self) -> int | None:
        return round(100 * (self.target_share or 0)) if self.mode == ClassNeed.Mode.BY_HAND else None

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
    achieved: list[FocusEffect]
    last_change: ClassNeed | None  # by a manager, that can be undone
    status: ModelStatus  # where there is no model yet, why not

    @property
    def is_default(self) -> bool:
        """Other strategies know no shares of classes."""
        return self.project.strategy == Project.Strategy.DEFAULT

    @property
    def is_measured(self) -> bool:
        return any(row.need and row.need.evidence for row in self.rows)


def steering(project: Project) -> Steering:
    """Read in a fixed number of statements, none of them over the pool."""
    classes = {
        label_class.pk: label_class for label_class in LabelClass.objects.active().filter(project=project)
    }
    written = ClassNeed.objects.filter(project=project, label_class__in=classes).select_related("changed_by")
    needs = {need.label_class_id: need for need in written}
    shares = queue_shares(project)
    explain = _Explanation.of(project, shares, needs.values())
    rows = [_row(label_class, needs.get(label_class.pk), shares, explain) for label_class in classes.values()]
    changed = [
        need for need in needs.values() if need.changed_by_id and need.mode != ClassNeed.Mode.AUTOMATIC
    ]
    return Steering(
        project,
        _shares(shares, classes),
        sorted(rows, key=lambda row: (-row.part, -(row.target_share or 0.0), row.label_class.position)),
        shares.entries,
        focus_effects(project, classes),
        max(changed, key=lambda need: need.written_at, default=None),
        HAS_MODEL if explain.version else missing_model(project),
    )


def steering_headline(report: Steering) -> str:
    """What the page found."""
    if not report.is_default:
        return _("This strategy does not use class priorities")
    if not report.entries:
        return _("Nothing is ranked yet")
    if not report.project.is_steered:
        return _("Class priorities are off: the queue uses its own estimate of weak classes")
    steered = [row for row in report.rows if row.need and row.part > 0]
    if steered:
        return _gets(steered)
    wanting = [row for row in report.rows if row.target_share]
    if wanting:
        return ngettext(
            "{name} needs priority but currently gets no share of the queue",
            "{n} classes need priority but currently get no share of the queue",
            len(wanting),
        ).format(n=len(wanting), name=wanting[0].label_class.name)
    if report.status.state != ModelState.READY:
        return report.status.title
    return _("No class needs priority") if report.is_measured else _("No measurements yet")


def _gets(steered: list[NeedRow]) -> str:
    if len(steered) == 1:
        return _("{name} gets {p} of the queue").format(
            name=steered[0].label_class.name, p=percent(steered[0].part)
        )
    return ngettext(
        "{n} class gets {p} of the queue, {name} the most",
        "{n} classes get {p} of the queue, {name} the most",
        len(steered),
    ).format(n=len(steered), p=percent(sum(row.part for row in steered)), name=steered[0].label_class.name)


def change_need(project: Project, manager: User, class_id: UUID, mode: str, share: float | None) -> ClassNeed:
    """Set the mode of a class; an automatic one is measured at once. Raises as `set_mode` does."""
    need = class_needs.set_mode(project.pk, manager, class_id, mode, share)
    write_needs(project)
    need.refresh_from_db()
    return need


def change_project(
    project: Project, manager: User, is_steered: bool | None, target_f1: float | None
) -> Project:
    """Switch the steering or move the target, and measure against it at once. Raises as `steer` does."""
    project = class_needs.steer(project.pk, manager, is_steered, target_f1)
    write_needs(project)
    return project


def _shares(shares: QueueShares, classes: dict[UUID, LabelClass]) -> list[ShareRow]:
    names = {str(pk): label_class for pk, label_class in classes.items()}
    rows = []
    for share in {share for share, _class in shares.counts}:
        counts = {label_class: n for (part, label_class), n in shares.counts.items() if part == share}
        requested = (
            [(names[pk], n) for pk, n in counts.items() if pk in names] if share in CLASS_SHARES else []
        )
        whole = sum(counts.values())
        by_class = sorted(requested, key=lambda pair: (-pair[1], pair[0].position))
        rows.append(ShareRow(share, whole, whole / shares.entries, by_class))
    return sorted(rows, key=lambda row: (-row.entries, row.share))


def _row(
    label_class: LabelClass, need: ClassNeed | None, shares: QueueShares, explain: _Explanation
) -> NeedRow:
    part = shares.part_of(label_class.pk)
    why = explain.why(label_class, need, part)
    return NeedRow(label_class, need, shares.entries_of(label_class.pk), part, why)


@dataclass(frozen=True)
class _Explanation:
    """What says why a class gets what it gets.

    part_of_mix : entries that the strategy chose, of all: what stands beside them lessens every class's part
    is_within_limit : all that classes want can be had together
    """

    project: Project
    version: ModelVersion | None
    is_ranking: bool
    part_of_mix: float
    has_room: bool
    is_within_limit: bool

    @classmethod
    def of(cls, project: Project, shares: QueueShares, needs: Iterable[ClassNeed]) -> _Explanation:
        ranking = (Job.Kind.TRAIN, Job.Kind.RANK)
        jobs = Job.objects.filter(project=project, kind__in=ranking)
        target_share = sum(need.share or 0.0 for need in needs if need.mode != ClassNeed.Mode.OFF)
        limit = most_needed(project)
        return cls(
            project,
            latest_model(project),
            jobs.filter(next_attempt_at=None).exists(),
            shares.mixed_entries / shares.entries if shares.entries else 0.0,
            limit > 0,
            target_share <= limit,
        )

    def why(self, label_class: LabelClass, need: ClassNeed | None, part: float) -> str:
        """The sentence of a class; part : of the head that it has."""
        if self.project.strategy != Project.Strategy.DEFAULT:
            return _("The project's strategy does not use class priorities.")
        if not self.project.is_steered:
            return _("Class priorities are off for this project.")
        if need is not None and need.mode == ClassNeed.Mode.OFF:
            return _("Off: no share for this class.")
        if need is None or need.share is None:
            if self.project.kind == Project.Kind.SPANS:
                return _("Not measured yet. Until then, uncertainty alone orders the queue.")
            return _("Not measured yet. Until then, the default estimate is used.")
        if need.share == 0:
            is_automatic = need.mode == ClassNeed.Mode.AUTOMATIC
            return (
                _("Its F1 clearly reaches the target.")
                if is_automatic
                else _("A manager set its share to 0.")
            )
        if not part:
            return self._nothing(label_class)
        return self._served(label_class, need, need.share, part)

    def _nothing(self, label_class: LabelClass) -> str:
        """Why a class gets nothing of what it wants."""
        if not self.has_room:
            return _("The queue composition leaves no share for weak classes.")
        if self.version is None:
            return _("Its share starts with the first model.")
        if label_class.pk not in self.version.classes:
            return _("Its share starts with the next model: the current one does not know this class.")
        if self.is_ranking:
            return _("Its share starts with the next ranking, which is in progress.")
        return _("The model finds no unlabeled document for it. Seed words and “Label more” may find some.")

    def _served(self, label_class: LabelClass, need: ClassNeed, target_share: float, part: float) -> str:
        evidence = describe_need(need.evidence, need.mode == ClassNeed.Mode.BY_HAND)
        sentences = [need_sentence(label_class.name, percent(part), evidence)]
        if need.evidence.get("is_ambiguous"):
            sentences.append(_("Annotators disagree on it, so it gets half the share."))
        if self.is_within_limit and part < SHORT * target_share * self.part_of_mix:
            sentences.append(_("It should get more, but the model finds no more unlabeled documents for it."))
        return " ".join(sentences)


def _measure(need: ClassNeed | None, name: str) -> Measure:
    numbers = need.evidence.get(name) if need else None
    if not numbers:
        return undefined(NO_SUPPORT)
    return Measure(numbers[0], interval=Interval(numbers[1], numbers[2]))
