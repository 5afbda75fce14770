"""Prodigy writer: JSONL for db-in, a line for each annotation."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from hashlib import blake2b
from itertools import pairwise

from labeling.formats.outlines import DatasetFeatures, ProjectOutline
from labeling.formats.readers.prodigy import UNLABELED
from labeling.formats.records import BadRow, Json, Record, RecordAnnotation, Span, gettext_noop
from labeling.formats.writers.losses import losses_beside

TOOL = "Prodigy"
SUFFIX = ".jsonl"
FLUSH_BYTES = 64 * 1024


def losses(features: DatasetFeatures) -> list[str]:
    """Splits, predictions, guidelines, and of the provenance all but the time."""
    sentences = losses_beside(["annotators", "metadata", "overlaps", "no_class", "provenance"], features)
    if features.has_provenance:
        sentences.append(
            gettext_noop("Notes, guideline versions, final labels and selection probabilities are left out.")
        )
    return sentences


def write(
    outline: ProjectOutline, records: Iterable[Record], on_loss: Callable[[BadRow], None]
) -> Iterator[bytes]:
    """Spans as of ner_manual or spans_manual, labels as choices. Skipped documents are ignored ones."""
    pieces: list[bytes] = []
    size = 0
    for record in records:
        for annotation in record.answers or (None,):
            if annotation is not None and annotation.provenance.get("is_withdrawn"):
                annotation = None
            pieces.append(json.dumps(_row(outline, record, annotation), ensure_ascii=False).encode() + b"\n")
            size += len(pieces[-1])
        if size >= FLUSH_BYTES:
            yield b"".join(pieces)
            pieces, size = [], 0
    yield b"".join(pieces)


def _row(outline: ProjectOutline, record: Record, annotation: RecordAnnotation | None) -> dict[str, Json]:
    row: dict[str, Json] = {"text": record.text, "meta": record.metadata}
    if record.external_id is not None:
        row["id"] = record.external_id
    row |= _question(outline, annotation)
    row["_input_hash"] = _hash(f"{record.external_id} {record.text}")
    row["_task_hash"] = _hash(f"{record.external_id} {record.text} {row['_view_id']}")
    if annotation is None:
        # Prodigy takes a line without an answer for an accepted one: a document without any label.
        return row | {"answer": "ignore", UNLABELED: True}
    if annotation.annotator is not None:
        row |= {"_annotator_id": annotation.annotator, "_session_id": annotation.annotator}
    if timestamp := _timestamp(annotation.provenance.get("created_at")):
        row["_timestamp"] = timestamp
    if annotation.provenance.get("flagged") is True:
        row["flagged"] = True
    is_skipped = annotation.labels is None and annotation.spans is None
    answer = annotation.provenance.get("answer", "ignore") if is_skipped else "accept"
    return row | {"answer": answer}


def _question(outline: ProjectOutline, annotation: RecordAnnotation | None) -> dict[str, Json]:
    """The part of a row that the kind of the project decides."""
    if outline.kind == "spans":
        spans = (annotation.spans if annotation else None) or ()
        return {
            "spans": [{"start": span.start, "end": span.end, "label": span.label} for span in spans],
            "_view_id": "spans_manual"
            if outline.allows_overlapping_spans or _overlap(spans)
            else "ner_manual",
        }
    return {
        "options": [{"id": item.name, "text": item.name} for item in outline.classes if item.is_active],
        "accept": list((annotation.labels if annotation else None) or ()),
        "config": {"choice_style": "single" if outline.kind == "single" else "multiple"},
        "_view_id": "choice",
    }


def _overlap(spans: Iterable[Span]) -> bool:
    edges = sorted((span.start, span.end) for span in spans)
    return any(a[1] > b[0] for a, b in pairwise(edges))


def _hash(content: str) -> int:
    """A number of 32 bits, as Prodigy's hashes are."""
    return int.from_bytes(blake2b(content.encode(), digest_size=4).digest(), signed=True)


def _timestamp(created_at: Json) -> int | None:
    """Seconds since 1970."""
    try:
        return int(datetime.fromisoformat(created_at).timestamp()) if isinstance(created_at, str) else None
    except ValueError:
        return None
