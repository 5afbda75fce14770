"""Label Studio results: the choices and labeled regions of one annotation or prediction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from labeling.formats.fields import check_labels, check_spans
from labeling.formats.offsets import code_points_by_words
from labeling.formats.outlines import Kind
from labeling.formats.records import Json, RowProblem, Span, gettext_noop

Object: TypeAlias = dict[str, Json]

SPAN_TYPES = ("labels", "hypertextlabels")


@dataclass(frozen=True, slots=True)
class Result:
    """One item of the list `result`: what one control says, once."""

    control: str
    type: str
    value: Object
    score: Json = None

    @property
    def is_choice(self) -> bool:
        """Choices of the document; those of a region describe a span and not the document."""
        return self.type == "choices" and "start" not in self.value

    @property
    def is_span(self) -> bool:
        return self.type in SPAN_TYPES

    @property
    def names(self) -> list[Json]:
        """The classes as they stand in the file, not checked yet."""
        names = self.value.get(self.type)
        return names if isinstance(names, list) else []

    @property
    def content(self) -> Json:
        """The value without what only says where it is."""
        return self.value if self.is_span else self.value.get(self.type, self.value)


def results_of(value: Json) -> Iterator[Result]:
    """The results of an annotation that a control made; relations between them are passed over."""
    for item in list_of(value):
        if not isinstance(item, dict):
            continue
        control, kind, content = item.get("from_name"), item.get("type"), item.get("value")
        if isinstance(control, str) and isinstance(kind, str) and isinstance(content, dict):
            yield Result(control, kind.lower(), content, item.get("score"))


@dataclass(frozen=True, slots=True)
class Answer:
    """What one annotation says: with the control that was chosen, and with all others."""

    results: list[Result] = field(default_factory=list)
    others: dict[str, Json] = field(default_factory=dict)


def answer_of(value: Json, control: str, kind: Kind | None) -> Answer:
    """Sort the results of an annotation; the values of other controls are lists by their names."""
    results: list[Result] = []
    others: dict[str, list[Json]] = {}
    for result in results_of(value):
        if result.control == control and (result.is_span if kind == "spans" else result.is_choice):
            results.append(result)
        else:
            content = result.content
            others.setdefault(result.control, []).extend(content if isinstance(content, list) else [content])
    return Answer(results, dict(others))


def labels_of(results: list[Result]) -> tuple[str, ...]:
    """The classes of all choices. Raises RowProblem."""
    return check_labels([name for result in results for name in result.names])


def spans_of(results: list[Result], text: str) -> tuple[Span, ...]:
    """The regions, one for each of their labels. Raises RowProblem.

    Offsets are code points; files of some versions and programs count UTF-16 code units, which shows in
    texts with emoji where only that gives the words that the region repeats.
    """
    offsets = code_points_by_words(text, [(*_offsets(r.value), r.value.get("text")) for r in results])
    return check_spans(
        [
            [start, end, name]
            for (start, end), result in zip(offsets, results, strict=True)
            for name in result.names
        ],
        text,
    )


def _offsets(value: Object) -> tuple[int, int]:
    """Start and end; those of HTML are paths into it, beside offsets in its text."""
    offsets = value.get("globalOffsets")
    source = offsets if isinstance(offsets, dict) and not isinstance(value.get("start"), int) else value
    start, end = source.get("start"), source.get("end")
    if type(start) is not int or type(end) is not int:
        raise RowProblem(gettext_noop("The start and end of a span must be whole numbers."))
    return start, end


def annotations_of(task: Object) -> list[Object]:
    """The annotations of a task, which were called completions before 2021."""
    listed = list_of(task.get("annotations") or task.get("completions"))
    return [item for item in listed if isinstance(item, dict)]


def numbered_predictions(task: Object) -> set[int]:
    """Predictions of which the list has the numbers only, as exports have unless asked for more."""
    return {item for item in list_of(task.get("predictions")) if type(item) is int}


def shown_predictions(task: Object) -> dict[int, Object]:
    """Predictions by number that annotators were shown, which their annotations contain."""
    shown = (annotation.get("prediction") for annotation in annotations_of(task))
    return {
        number: value
        for value in shown
        if isinstance(value, dict) and type(number := value.get("id")) is int and "result" in value
    }


def list_of(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
