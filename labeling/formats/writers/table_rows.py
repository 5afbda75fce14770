"""Table rows of documents: the columns that Excel, Parquet and Hugging Face files share."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from labeling.formats.outlines import DatasetFeatures, Kind
from labeling.formats.records import BadRow, Record, RowProblem, Span, bad_row, gettext_noop
from labeling.formats.writers.final_labels import final_annotation
from labeling.formats.writers.losses import Part, losses_beside

NO_CLASS = gettext_noop("The document does not have exactly one class. Written as unlabeled.")


@dataclass(frozen=True, slots=True)
class TableRow:
    """A document with its final labels.

    label : of a single-label project
    labels : of the others, () where no class applies; None for an unlabeled document
    metadata : a JSON object, empty where there is none: a column for each key is known only at the end
    """

    id: str | None
    text: str
    label: str | None
    labels: tuple[str, ...] | None
    spans: tuple[Span, ...] | None
    split: str | None
    metadata: str


def table_row(record: Record, kind: Kind, on_loss: Callable[[BadRow], None]) -> TableRow:
    """The row of a document.

    on_loss : is told of a disputed document, and of one without a class where each has one

    >>> table_row(Record(1, "Hi", "7", {"stars": 4}, ("greeting",)), "single", print).label
    'greeting'
    """
    annotation = final_annotation(record, on_loss)
    labels = annotation.labels if annotation is not None and kind != "spans" else None
    label = labels[0] if kind == "single" and labels is not None and len(labels) == 1 else None
    if kind == "single" and labels is not None and label is None:
        on_loss(bad_row(record.line, RowProblem(NO_CLASS), record.text))
    return TableRow(
        record.external_id,
        record.text,
        label,
        labels if kind == "multi" else None,
        annotation.spans if annotation is not None and kind == "spans" else None,
        record.split,
        json.dumps(record.metadata, ensure_ascii=False) if record.metadata else "",
    )


def table_losses(features: DatasetFeatures, *parts: Part) -> list[str]:
    """What such columns cannot hold of a data set.

    parts : what the format holds beside them
    """
    held: list[Part] = ["metadata", "splits", "overlaps", *parts]
    if features.kind != "single":
        held.append("no_class")  # an empty list says it
    return losses_beside(held, features)
