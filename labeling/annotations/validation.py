"""Answer validation: does an answer fit the project? The server's own check, whatever was sent."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from labeling.exceptions import InvalidAnswer
from labeling.projects.models import Project


@dataclass(frozen=True, order=True)
class LabelValue:
    """One class on a document, or on the code points [start, end) of its text."""

    label_class: UUID
    start: int | None = None
    end: int | None = None


Answer = tuple[LabelValue, ...]


@dataclass(frozen=True)
class AnswerRules:
    """What a project lets an answer be."""

    kind: str
    allows_overlapping_spans: bool
    active_classes: frozenset[UUID]


def checked(labels: Iterable[LabelValue], rules: AnswerRules, text: str) -> Answer:
    """The answer in its one canonical order. Raises InvalidAnswer that names the place and the reason.

    In a project of several classes, and in one of spans, no label at all is an answer too: "none of these".
    """
    answer = tuple(labels)
    seen: set[LabelValue] = set()
    for index, label in enumerate(answer):
        if label.label_class not in rules.active_classes:
            _refuse(index, "class", _("This class is not in the project or is retired."))
        if label in seen:
            _refuse(index, "class", _("The same label is listed twice. Remove one."))
        seen.add(label)
    if rules.kind == Project.Kind.SPANS:
        _check_spans(answer, rules.allows_overlapping_spans, text)
    else:
        _check_whole_document(answer, rules.kind)
    return canonical(answer)


def canonical(labels: Iterable[LabelValue]) -> Answer:
    """The labels in their one order, whether or not they fit the project."""
    return tuple(sorted(labels, key=_order))


def answer_hash(answer: Answer) -> bytes:
    """16 bytes, equal exactly for equal answers in canonical order."""
    parts = (f"{label.label_class.hex}:{label.start}:{label.end}" for label in answer)
    return hashlib.blake2b("|".join(parts).encode(), digest_size=16).digest()


def _order(label: LabelValue) -> tuple[int, int, str]:
    return (label.start or 0, label.end or 0, label.label_class.hex)


def _check_whole_document(answer: Answer, kind: str) -> None:
    for index, label in enumerate(answer):
        if label.start is not None or label.end is not None:
            _refuse(index, "start", _("This project labels whole documents. Remove start and end."))
    if kind == Project.Kind.SINGLE and len(answer) != 1:
        raise InvalidAnswer(
            _("Choose exactly one class. The annotation has {count}.").format(count=len(answer)),
            errors=[{"path": "labels", "reason": "exactly_one_class"}],
        )


def _check_spans(answer: Answer, allows_overlap: bool, text: str) -> None:
    for index, label in enumerate(answer):
        if label.start is None or label.end is None:
            _refuse(index, "start", _("A span needs a start and an end."))
        elif not 0 <= label.start < label.end:
            _refuse(index, "end", _("The end of a span must be greater than its start."))
        elif label.end > len(text):
            _refuse(
                index,
                "end",
                ngettext(
                    "The span ends outside the text, which has {n} character.",
                    "The span ends outside the text, which has {n} characters.",
                    len(text),
                ).format(n=len(text)),
            )
    if not allows_overlap:
        _check_apart(answer)


def _check_apart(answer: Sequence[LabelValue]) -> None:
    indices = sorted(range(len(answer)), key=lambda index: _order(answer[index]))
    for left, right in pairwise(indices):
        if (answer[left].end or 0) > (answer[right].start or 0):
            _refuse(right, "start", _("Two spans overlap. This project does not allow it."))


def _refuse(index: int, field: str, reason: str) -> None:
    raise InvalidAnswer(reason, errors=[{"path": f"labels[{index}].{field}", "reason": str(reason)}])
