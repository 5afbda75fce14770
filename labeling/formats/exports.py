"""Export formats: annotations as JSONL without loss, or as CSV for programs or for spreadsheets."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Literal, TypeAlias, cast

from labeling.formats.dataset_lines import PROVENANCE_KEYS
from labeling.formats.records import Json, Record, Span
from labeling.formats.tables.csv_columns import ANNOTATION_PREFIX, METADATA_PREFIX, SPREADSHEET_TEXT
from labeling.formats.tables.csv_rows import LABEL_SEPARATOR, needs_escape

Kind: TypeAlias = Literal["single", "multi", "spans"]

FLUSH_CHARACTERS = 64 * 1024
_ANNOTATION_KEYS = ("annotator", *PROVENANCE_KEYS)
_annotation_values = attrgetter(*_ANNOTATION_KEYS)
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)  # made once: dumps makes one for each row


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One annotation of one document; or, with `annotation` None, a document nobody has annotated."""

    text: str
    external_id: str | None
    metadata: dict[str, Json]
    split: str
    labels: tuple[str, ...] | None  # () when no class applies
    spans: tuple[Span, ...] | None
    annotation: Annotation | None


@dataclass(frozen=True, slots=True)
class Annotation:
    """Who gave the labels, when, under which guideline, and what they count for."""

    annotator: str | None  # None where they came with the document
    created_at: str  # ISO 8601 with its offset
    source: str
    guideline_version: int | None
    seconds: float | None  # spent on it
    is_counted: bool  # fills a slot of its document, or settles it
    is_surplus: bool  # came after its slot had gone to somebody else
    is_withdrawn: bool  # its annotator took it back
    resolution: (
        str | None
    )  # agreed, majority, adjudicated or imported; None where it does not settle its document
    selected_by: (
        str | None
    )  # the share of the queue, by which its document came first; None where it came with an answer
    selection_probability: float | None  # of that, where it was drawn at random from the pool
    note: str
    suggestion: dict[str, Json] | None  # what the annotator was shown of the model's opinion, if it is known


def rows_of(record: Record) -> Iterator[ExportRow]:
    """A row for each annotation of a document of a dataset, by the provenance that the dataset keeps.

    >>> [row.labels for row in rows_of(Record(1, "Hi", labels=("greeting",)))]
    [('greeting',)]
    """
    for annotation in record.answers:
        values = cast(Any, [annotation.provenance.get(key) for key in PROVENANCE_KEYS])
        yield ExportRow(
            record.text,
            record.external_id,
            record.metadata,
            record.split or "pool",
            annotation.labels,
            annotation.spans,
            Annotation(annotation.annotator, *values),
        )


def write_jsonl(rows: Iterable[ExportRow], kind: Kind) -> Iterator[bytes]:
    r"""One object a line, UTF-8, in pieces of about 64 KiB; `read` gives the same documents again.

    >>> row = ExportRow("Hi", "7", {}, "pool", ("greeting",), None, None)
    >>> b"".join(write_jsonl([row], "single"))
    b'{"id": "7", "text": "Hi", "label": "greeting", "split": "pool", "metadata": {}}\n'
    """
    pieces: list[str] = []
    size = 0
    for row in rows:
        pieces.append(_ENCODER.encode(_object(row, kind)))
        size += len(pieces[-1])
        if size >= FLUSH_CHARACTERS:
            yield ("\n".join(pieces) + "\n").encode()
            pieces, size = [], 0
    if pieces:
        yield ("\n".join(pieces) + "\n").encode()


def write_csv(
    rows: Iterable[ExportRow], kind: Kind, metadata_keys: Sequence[str], *, for_spreadsheets: bool
) -> Iterator[bytes]:
    r"""A header and one row an annotation (RFC 4180), in pieces of about 64 KiB.

    metadata_keys : the metadata to write, a column each; values that are not text are written as JSON
    for_spreadsheets : every cell is quoted, and one that would run as a formula gets an apostrophe before it;
        the column `spreadsheet_text` instead of `text` tells `read` to take the apostrophes away again.

    >>> row = ExportRow("=1+1", "7", {}, "pool", ("sum",), None, None)
    >>> b"".join(write_csv([row], "single", [], for_spreadsheets=True)).splitlines()[1][:21]
    b'"7","\'=1+1","sum","po'
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(
        buffer, quoting=csv.QUOTE_ALL if for_spreadsheets else csv.QUOTE_MINIMAL, lineterminator="\r\n"
    )
    if for_spreadsheets:
        buffer.write("\ufeff")  # else Excel takes UTF-8 for the encoding of the machine
    writer.writerow(_header(kind, metadata_keys, for_spreadsheets=for_spreadsheets))
    for row in rows:
        cells = _cells(row, kind, metadata_keys)
        writer.writerow([escaped(cell) for cell in cells] if for_spreadsheets else cells)
        if buffer.tell() >= FLUSH_CHARACTERS:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _object(row: ExportRow, kind: Kind) -> dict[str, object]:
    value: dict[str, object] = {"id": row.external_id, "text": row.text}
    match kind:
        case "single":
            value["label"] = row.labels[0] if row.labels else None
        case "multi":
            value["labels"] = None if row.labels is None else list(row.labels)
        case "spans":
            value["spans"] = _span_lists(row.spans)
    value |= {"split": row.split, "metadata": row.metadata}
    if row.annotation is not None:
        value["annotation"] = dict(zip(_ANNOTATION_KEYS, _annotation_values(row.annotation), strict=True))
    return value


def _header(kind: Kind, metadata_keys: Sequence[str], *, for_spreadsheets: bool) -> list[str]:
    answer = {"single": "label", "multi": "labels", "spans": "spans"}[kind]
    names = ["id", SPREADSHEET_TEXT if for_spreadsheets else "text", answer, "split"]
    names += [ANNOTATION_PREFIX + key for key in _ANNOTATION_KEYS]
    return names + [METADATA_PREFIX + key for key in metadata_keys]


def _cells(row: ExportRow, kind: Kind, metadata_keys: Sequence[str]) -> list[str]:
    match kind:
        case "single":
            answer = row.labels[0] if row.labels else ""
        case "multi":
            answer = _joined(row.labels)
        case "spans":
            answer = "" if row.spans is None else json.dumps(_span_lists(row.spans), ensure_ascii=False)
    cells = [row.external_id or "", row.text, answer, row.split]
    values = _annotation_values(row.annotation) if row.annotation else [None] * len(_ANNOTATION_KEYS)
    cells += map(_cell, values)
    return cells + [_cell(row.metadata.get(key)) for key in metadata_keys]


def _cell(value: Json) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else _ENCODER.encode(value)


def _joined(labels: tuple[str, ...] | None) -> str:
    """late|rude where that can be read back, else a JSON list."""
    if labels is None:
        return ""
    if not labels or any(LABEL_SEPARATOR in label or label.startswith("[") for label in labels):
        return json.dumps(list(labels), ensure_ascii=False)
    return LABEL_SEPARATOR.join(labels)


def _span_lists(spans: tuple[Span, ...] | None) -> list[list[int | str]] | None:
    return None if spans is None else [[span.start, span.end, span.label] for span in spans]


def escaped(cell: str) -> str:
    return "'" + cell if needs_escape(cell) else cell
