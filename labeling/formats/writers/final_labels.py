"""Final labels for formats that hold one annotation per document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from labeling.formats.records import (
    BadRow,
    Json,
    Record,
    RecordAnnotation,
    RowProblem,
    bad_row,
    gettext_noop,
)

NO_FINAL_LABEL = gettext_noop("Annotators disagree and there is no final label. Written as unlabeled.")

# Who has the last word, if several annotations of one document claim it.
_RANK: Mapping[Json, int] = MappingProxyType(
    {"adjudicated": 4, "gold": 3, "majority": 2, "agreed": 2, "imported": 1}
)


def final_annotation(record: Record, on_loss: Callable[[BadRow], None]) -> RecordAnnotation | None:
    """The annotation that counts for a document; None for an unlabeled or disputed one.

    It is the unnamed one of a plain file, the one with a resolution, or the one that all annotators agree on.
    Skipped and withdrawn annotations never count, nor does one whose resolution is None: where it comes from,
    its document was not final.
    on_loss : is told of a disputed document

    >>> agreed = [RecordAnnotation(name, labels=("late",)) for name in ("ann", "bob")]
    >>> final_annotation(Record(1, "Where is it?", annotations=tuple(agreed)), print).labels
    ('late',)
    """
    if record.labels is not None or record.spans is not None:
        return RecordAnnotation(None, record.labels, record.spans)
    complete = [annotation for annotation in record.annotations if is_complete(annotation)]
    resolved = [annotation for annotation in complete if _rank(annotation)]
    if resolved:
        return max(resolved, key=_rank)
    if len({_content(annotation) for annotation in complete}) > 1:
        on_loss(bad_row(record.line, RowProblem(NO_FINAL_LABEL), record.text))
        return None
    final = [annotation for annotation in complete if annotation.provenance.get("resolution", "") is not None]
    return final[0] if final else None


def is_complete(annotation: RecordAnnotation) -> bool:
    """Whether an annotation has labels or spans, perhaps none of them, and was not withdrawn.

    >>> is_complete(RecordAnnotation("ann", labels=())), is_complete(RecordAnnotation("ann"))
    (True, False)
    """
    has_content = annotation.labels is not None or annotation.spans is not None
    return has_content and not annotation.provenance.get("is_withdrawn")


def _rank(annotation: RecordAnnotation) -> int:
    resolution = annotation.provenance.get("resolution")
    return _RANK.get(resolution, 0) if isinstance(resolution, str) else 0


def _content(annotation: RecordAnnotation) -> object:
    """What annotations that agree have in common, in whatever order it was selected."""
    return frozenset(annotation.labels or ()), frozenset(annotation.spans or ())
