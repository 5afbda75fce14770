"""Form values: what was chosen so far. An answer in the shape that the pages' fields take."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Prefetch

from labeling.annotations.models import Annotation, Label

if TYPE_CHECKING:
    from django.http import QueryDict

MAX_ROWS = 600  # spans that a page keeps while it is being corrected
WITH_LABELS = Prefetch(  # of annotations: in the order of the text, then of the classes
    "labels", Label.objects.select_related("label_class").order_by("start", "label_class__position")
)


@dataclass(frozen=True)
class SpanRow:
    """One span as its three fields; offsets in code points."""

    label_class: str = ""
    start: str = ""
    end: str = ""


@dataclass(frozen=True)
class EnteredAnswer:
    """Classes chosen for the whole document, and spans, in the order they were given."""

    classes: list[str] = field(default_factory=list)
    spans: list[SpanRow] = field(default_factory=list)
    note: str = ""
    is_known: bool = False  # somebody said this before, be it nothing at all

    @property
    def rows(self) -> list[SpanRow]:
        """The spans with a few empty rows to fill in where no script helps."""
        return [*self.spans, *[SpanRow()] * 3]

    def as_fields(self) -> dict[str, list[str]]:
        """The answer as a form would send it."""
        return {
            "label_class": self.classes,
            "span_class": [row.label_class for row in self.spans],
            "span_start": [row.start for row in self.spans],
            "span_end": [row.end for row in self.spans],
        }

    @classmethod
    def of_labels(cls, labels: Iterable[Label], note: str = "") -> EnteredAnswer:
        rows = list(labels)
        return cls(
            [str(label.label_class_id) for label in rows if label.start is None],
            [SpanRow(str(v.label_class_id), str(v.start), str(v.end)) for v in rows if v.start is not None],
            note,
            is_known=True,
        )

    @classmethod
    def of_annotation(cls, annotation: Annotation) -> EnteredAnswer:
        return cls.of_labels(annotation.labels.all(), annotation.note)

    @classmethod
    def of_post(cls, sent: QueryDict) -> EnteredAnswer:
        columns = [sent.getlist(name)[:MAX_ROWS] for name in ("span_class", "span_start", "span_end")]
        rows = [SpanRow(*row) for row in zip(*columns, strict=False) if any(row)]
        return cls(sent.getlist("label_class"), rows, sent.get("note", ""), is_known=True)
