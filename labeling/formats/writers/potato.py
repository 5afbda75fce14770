"""Potato writer: a zip with annotated_instances.jsonl in a folder for each annotator."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator

from labeling.formats.outlines import DatasetFeatures, Kind, ProjectOutline
from labeling.formats.records import BadRow, Json, Record, RecordAnnotation
from labeling.formats.writers.complete_annotations import complete_annotations
from labeling.formats.writers.losses import losses_of_annotators
from labeling.formats.writers.zip_stream import Content, MemberNames, ParallelFiles, zip_pieces

TOOL = "Potato"
SUFFIX = ".zip"

_SCHEME = "label"
_DATA = "data"  # the file of the documents, from which Potato shows them


def losses(features: DatasetFeatures) -> list[str]:
    return losses_of_annotators(("annotators", "overlaps", "no_class", "metadata"), features)


def write(
    outline: ProjectOutline, records: Iterable[Record], on_loss: Callable[[BadRow], None]
) -> Iterator[bytes]:
    """All documents as data.jsonl, and the annotations as Potato stores them."""
    with tempfile.TemporaryFile() as spool:
        yield from zip_pieces(_members(outline.kind or "single", records, on_loss, ParallelFiles(spool)))


def _members(
    kind: Kind, records: Iterable[Record], on_loss: Callable[[BadRow], None], files: ParallelFiles
) -> Iterator[tuple[str, Content]]:
    folders: dict[str | None, str] = {}
    names = MemberNames()
    yield f"{_DATA}.jsonl", _data(kind, records, on_loss, files, folders, names)
    for folder in folders.values():
        yield f"annotation_output/{folder}annotated_instances.jsonl", files.pieces(folder)


def _data(
    kind: Kind,
    records: Iterable[Record],
    on_loss: Callable[[BadRow], None],
    files: ParallelFiles,
    folders: dict[str | None, str],
    names: MemberNames,
) -> Iterator[bytes]:
    """The documents; their annotations are put aside, one file for each annotator."""
    for record in records:
        number = record.external_id or str(record.line)
        yield _line({**record.metadata, "id": number, "text": record.text})
        for annotation in complete_annotations(record, on_loss):
            annotator = annotation.annotator
            if annotator not in folders:
                folders[annotator] = "" if annotator is None else names.add(annotator) + "/"
            files.append(folders[annotator], _line(_instance(kind, number, record, annotation)))


def _instance(kind: Kind, number: str, record: Record, annotation: RecordAnnotation) -> dict[str, Json]:
    text = record.text
    instance: dict[str, Json] = {"id": number, "displayed_text": text}
    if annotation.annotator is not None:
        instance["user_id"] = annotation.annotator  # a folder cannot have every name
    labels: dict[str, Json] = dict.fromkeys(annotation.labels or (), "true")
    return instance | {
        "label_annotations": {} if kind == "spans" else {_SCHEME: labels},
        "span_annotations": [
            {
                "start": span.start,
                "end": span.end,
                "span": text[span.start : span.end],
                "annotation": span.label,
            }
            for span in annotation.spans or ()
        ],
        "behavioral_data": {},
    }


def _line(value: dict[str, Json]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"
