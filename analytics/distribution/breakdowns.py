"""Label breakdowns: who gave which labels, under which version of the guideline, and when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from analytics.data.annotation_log import SAMPLED, TEST, AnnotationLog
from analytics.data.ground_truth import GroundTruth
from analytics.metrics.skew import Skew, skews
from labeling.formatting import short_date
from labeling.guidelines.models import Guideline
from labeling.projects.models import Project

MAX_DAYS, MAX_WEEKS = 31, 371  # a longer span of days is shown in weeks, and then in months
MIN_COMPARABLE_ANSWERS = 20  # answers of a person to documents drawn at random, to be compared on those
EPOCH = date(1970, 1, 1)

Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Group:
    """Labels of one person, guideline version or stretch of time.

    name : of a stretch of time its first day, in ISO 8601
    begins : that day
    """

    name: str
    answers: int
    counts: tuple[int, ...]  # labels of each class
    begins: date | None = None

    @property
    def title(self) -> str:
        """The name as people read it."""
        return self.name if self.begins is None else short_date(self.begins)


@dataclass(frozen=True)
class Habits:
    """Who gives a class more or less often than the others: hints, since documents may differ too.

    is_comparable : found on documents drawn at random, of which everybody gets the same mix
    """

    skews: list[
        tuple[str, Skew]
    ]  # the person's name, and what is odd; `place` counts as the classes asked for
    is_comparable: bool


def people_of(log: AnnotationLog) -> dict[int, str]:
    """Everybody whose answer stands, by name."""
    ids = np.unique(log.annotators[log.stands]).tolist()
    return dict(User.objects.filter(pk__in=ids).order_by("username").values_list("pk", "username"))


def by_person(names: dict[int, str], log: AnnotationLog, order: Whole) -> list[Group]:
    """Every answer that stands, whether it speaks for its document or not.

    names : from `people_of`; order : (n_classes,) columns in the annotation log of the classes to count
    """
    index_of = {pk: n for n, pk in enumerate(names)}
    group = _grouped(np.where(log.stands, log.annotators, 0), index_of)
    return _groups(list(names.values()), group, _labels(log, group, order))


def by_guideline(project: Project, labeled: GroundTruth, order: Whole) -> list[Group]:
    """The answer that speaks for each document, by the version that it was given under, oldest first."""
    numbers = Guideline.objects.filter(project=project).order_by("number").values_list("pk", "number")
    names = {pk: _("version {number}").format(number=number) for pk, number in numbers}
    spoken = np.full(len(labeled.ledger.annotations), -1)
    spoken[labeled.rows] = labeled.ledger.guidelines[labeled.rows]
    index_of = {pk: n for n, pk in enumerate(names)} | {0: len(names)}
    group = _grouped(spoken, index_of)
    groups = _groups([*names.values(), _("no version")], group, _labels(labeled.ledger, group, order))
    return [period for period in groups if period.answers]


def by_time(labeled: GroundTruth, order: Whole) -> list[Group]:
    """The answer that speaks for each document, by the day, week or month (UTC) in which it was given."""
    if not len(labeled):
        return []
    days = labeled.ledger.days[labeled.rows]
    starts = _periods(int(days.min()), int(days.max()))
    group = np.full(len(labeled.ledger.annotations), -1)
    group[labeled.rows] = np.searchsorted([(s - EPOCH).days for s in starts], days, side="right") - 1
    names = [start.isoformat() for start in starts]
    groups = _groups(names, group, _labels(labeled.ledger, group, order))
    return [replace(period, begins=start) for period, start in zip(groups, starts, strict=True)]


def habits(people: dict[int, str], log: AnnotationLog, order: Whole) -> Habits:
    """Where everybody has answered enough random documents, on those; else on all, which weighs less."""
    names = list(people.values())
    index_of = {pk: n for n, pk in enumerate(people)}
    stands = log.stands
    random = stands & ((log.flags & (TEST | SAMPLED)) > 0)
    answers = np.bincount(
        _grouped(np.where(random, log.annotators, 0), index_of) + 1, minlength=len(index_of) + 1
    )
    is_comparable = bool(
        len(index_of) > 1 and answers[1:].min(initial=MIN_COMPARABLE_ANSWERS) >= MIN_COMPARABLE_ANSWERS
    )
    group = _grouped(np.where(random if is_comparable else stands, log.annotators, 0), index_of)
    n_answers = np.bincount(group + 1, minlength=len(index_of) + 1)[1:]
    skewed = skews(_labels(log, group, order, is_once=True), n_answers)
    return Habits([(names[skew.person], skew) for skew in skewed], is_comparable)


def _grouped(ids: NDArray[np.integer], index_of: dict[int, int]) -> Whole:
    """The place of each identifier; -1 where it has none."""
    if not index_of:
        return np.full(len(ids), -1)
    existing = np.array(sorted(index_of), dtype=np.int64)
    at = np.minimum(np.searchsorted(existing, ids), len(existing) - 1)
    indices = np.array([index_of[pk] for pk in existing.tolist()], dtype=np.int64)
    return np.where(existing[at] == ids, indices[at], -1)


def _labels(log: AnnotationLog, group: Whole, order: Whole, is_once: bool = False) -> Whole:
    """Labels of each group and class: (n_groups, n_classes). `is_once`: of an answer, each class but once."""
    n_groups, n_classes = int(group.max(initial=-1)) + 1, max(len(log.classes), 1)
    of_label, class_indices = group[log.rows], log.class_indices
    kept = of_label >= 0
    if is_once:
        pairs = log.rows * np.int64(n_classes) + class_indices
        kept[np.flatnonzero(kept)] = np.isin(np.flatnonzero(kept), np.unique(pairs, return_index=True)[1])
    counts = np.bincount(of_label[kept] * n_classes + class_indices[kept], minlength=n_groups * n_classes)
    return counts.reshape(n_groups, n_classes)[:, order]


def _groups(names: list[str], group: Whole, counts: Whole) -> list[Group]:
    answers = np.bincount(group + 1, minlength=len(names) + 1)[1:].tolist()
    rows = counts.tolist() + [[0] * counts.shape[1]] * (len(names) - len(counts))
    return [Group(name, n, tuple(row)) for name, n, row in zip(names, answers, rows, strict=True)]


def _periods(first: int, last: int) -> list[date]:
    """The days on which stretches of time begin, so that there are not too many."""
    start, end = (EPOCH + timedelta(days=day) for day in (first, last))
    if last - first < MAX_DAYS:
        return [start + timedelta(days=n) for n in range(last - first + 1)]
    if last - first < MAX_WEEKS:
        monday = start - timedelta(days=start.weekday())
        return [monday + timedelta(weeks=n) for n in range((end - monday).days // 7 + 1)]
    months = range(start.year * 12 + start.month - 1, end.year * 12 + end.month)
    return [date(month // 12, month % 12 + 1, 1) for month in months]
