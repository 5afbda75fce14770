"""Complete annotations for formats that keep annotators apart."""

from __future__ import annotations

from collections.abc import Callable

from labeling.formats.records import BadRow, Record, RecordAnnotation, RowProblem, bad_row, gettext_noop
from labeling.formats.writers.final_labels import is_complete

INCOMPLETE = gettext_noop("A skipped or withdrawn annotation is left out.")


def complete_annotations(record: Record, on_loss: Callable[[BadRow], None]) -> list[RecordAnnotation]:
    """All annotations of a document but the skipped and withdrawn ones.

    on_loss : is told of those

    >>> skipped = RecordAnnotation("ann", provenance={"is_skipped": True})
    >>> record = Record(1, "Hi", annotations=(skipped, RecordAnnotation("bob", labels=("greeting",))))
    >>> [annotation.annotator for annotation in complete_annotations(record, lambda loss: None)]
    ['bob']
    """
    complete = [annotation for annotation in record.answers if is_complete(annotation)]
    if len(complete) < len(record.answers):
        on_loss(bad_row(record.line, RowProblem(INCOMPLETE), record.text))
    return complete
