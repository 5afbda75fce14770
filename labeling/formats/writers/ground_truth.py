"""SageMaker Ground Truth writer: an augmented manifest, JSON lines with the labels of one job."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping

from labeling.formats.outlines import DatasetFeatures, Kind, ProjectOutline
from labeling.formats.records import BadRow, Json, Record, RecordAnnotation, RowProblem, bad_row, gettext_noop
from labeling.formats.writers.final_labels import final_annotation
from labeling.formats.writers.losses import Part, losses_beside
from labeling.formats.writers.zip_stream import PIECE_BYTES

TOOL = "SageMaker Ground Truth"
SUFFIX = ".manifest"

NOT_ONE_CLASS = gettext_noop("The document does not have exactly one class. Written as unlabeled.")
TAKEN_KEY = gettext_noop('The metadata "%(key)s" is left out: a manifest needs this name.')

_JOB = "label"
_METADATA = f"{_JOB}-metadata"
_TYPES: Mapping[Kind, str] = {
    "single": "groundtruth/text-classification",
    "multi": "groundtruth/text-classification-multilabel",
    "spans": "groundtruth/text-span",
}
_UNKNOWN_DATE = "1970-01-01T00:00:00"  # the field is required


def losses(features: DatasetFeatures) -> list[str]:
    held: list[Part] = ["metadata", "overlaps"]
    if features.kind == "multi":
        held.append("no_class")
    return losses_beside(held, features)


def write(
    outline: ProjectOutline, records: Iterable[Record], on_loss: Callable[[BadRow], None]
) -> Iterator[bytes]:
    """One line a document; an unlabeled one has only its text, as in an input manifest."""
    kind: Kind = outline.kind or "single"
    numbers = {label_class.name: number for number, label_class in enumerate(outline.classes)}
    piece = b""
    for record in records:
        line = _line(kind, record, numbers, on_loss)
        piece += json.dumps(line, ensure_ascii=False).encode() + b"\n"
        if len(piece) >= PIECE_BYTES:
            yield piece
            piece = b""
    yield piece


def _line(
    kind: Kind, record: Record, numbers: dict[str, int], on_loss: Callable[[BadRow], None]
) -> dict[str, Json]:
    line: dict[str, Json] = {"source": record.text}
    if record.external_id is not None:
        line["id"] = record.external_id
    for key, value in record.metadata.items():
        # A name that begins with a dollar sign is refused.
        if key in ("source", "source-ref", "id", _JOB) or key.endswith("-metadata") or key.startswith("$"):
            on_loss(bad_row(record.line, RowProblem(TAKEN_KEY, key=key), record.text))
        else:
            line[key] = value
    annotation = final_annotation(record, on_loss)
    if annotation is None:
        return line
    if kind == "single" and len(annotation.labels or ()) != 1:
        on_loss(bad_row(record.line, RowProblem(NOT_ONE_CLASS), record.text))
        return line
    labels, described = _labels(kind, annotation, numbers)
    line[_JOB] = labels
    line[_METADATA] = described | {
        "type": _TYPES[kind],
        "job-name": f"labeling-job/{_JOB}",
        "human-annotated": "yes",
        "creation-date": annotation.provenance.get("created_at") or _UNKNOWN_DATE,
    }
    return line


def _labels(
    kind: Kind, annotation: RecordAnnotation, numbers: dict[str, int]
) -> tuple[Json, dict[str, Json]]:
    """The labels by number, and what the metadata say of them. How sure people were is not known: 1."""
    if kind == "spans":
        spans = annotation.spans or ()
        entities: list[Json] = [
            {"startOffset": span.start, "endOffset": span.end, "label": span.label} for span in spans
        ]
        names: list[Json] = [{"label": name} for name in dict.fromkeys(span.label for span in spans)]
        confidences: list[Json] = [{"confidence": 1.0} for _ in spans]
        return {"annotations": {"entities": entities, "labels": names}}, {"entities": confidences}
    classes = {name: numbers.setdefault(name, len(numbers)) for name in annotation.labels or ()}
    if kind == "multi":
        chosen: list[Json] = list(classes.values())
        return chosen, {
            "class-map": {str(number): name for name, number in classes.items()},
            "confidence-map": {str(number): 1.0 for number in classes.values()},
        }
    ((name, number),) = classes.items()
    return number, {"class-name": name, "confidence": 1.0}
