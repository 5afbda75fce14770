"""doccano reader: JSONL, JSON and CSV exports, one file for each annotator, and label configurations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from labeling.formats.bundles import Bundle
from labeling.formats.fields import (
    WITHOUT_ID,
    WITHOUT_LABEL,
    OptionalFields,
    check_id,
    check_label,
    check_labels,
    check_spans,
    check_text,
)
from labeling.formats.json_files.json_rows import (
    MAX_CANDIDATES,
    JsonObject,
    first_rows,
    json_names,
    json_rows,
)
from labeling.formats.outlines import OutlineClass, ProjectOutline, outline_of
from labeling.formats.records import (
    BadRow,
    FormatError,
    Json,
    Record,
    RecordAnnotation,
    RowProblem,
    Span,
    bad_row,
    gettext_noop,
)
from labeling.formats.streams import HEAD_BYTES, utf8_chunks
from labeling.formats.tables.csv_columns import ColumnChoice, columns, metadata_field
from labeling.formats.tables.csv_rows import read_csv
from labeling.formats.tables.dialects import Dialect

TOOL = "doccano"
CSV_SEPARATOR = "#"
RESERVED_KEYS = frozenset(
    {
        *("id", "text", "data", "label", "labels", "entities", "relations", "cats", "Comments", "meta"),
        *("annotations", "annotation_approver"),
    }
)
SHARED_STEMS = ("all", "unknown")  # of files that are no annotator's

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


def recognizes(bundle: Bundle) -> bool:
    """Rows with lists of labels or entities, or with Comments; or a label configuration."""
    names = json_names(bundle)[:MAX_CANDIDATES]
    if any(_is_export(row) for name in names for row in first_rows(bundle, name)):
        return True
    if any(_csv_text_column(bundle, name) for name in _csv_names(bundle)[:MAX_CANDIDATES]):
        return True
    return len(names) == len(bundle.names) and any(_is_configuration(bundle, name) for name in names)


def read(bundle: Bundle) -> Iterator[Record | BadRow]:
    """One record for each row; the same document in the files of several annotators is a row of each.

    Files of an archive are called as their annotators are, all.jsonl is no annotator's. Documents with an
    empty list of labels are unlabeled: doccano writes it for documents that an annotator has not opened, too.
    """
    is_archive = list(bundle.names) != [bundle.filename]
    for name in json_names(bundle):
        if _is_configuration(bundle, name):
            continue
        annotator = _annotator(name) if is_archive else None
        for line, row in json_rows(bundle, name):
            if isinstance(row, BadRow):
                yield row
                continue
            try:
                yield _record(row, line, annotator)
            except RowProblem as problem:
                yield bad_row(line, problem, str(row))
    for name in _csv_names(bundle):
        yield from _csv_records(bundle, name, _annotator(name) if is_archive else None)


def outline(bundle: Bundle) -> ProjectOutline:
    """Classes with their colors and keys where a label configuration is there, and those of the labels."""
    described = outline_of(TOOL, read(bundle), name=PurePosixPath(bundle.filename).stem)
    configured = {item.name: item for item in _configured_classes(bundle)}
    others = [item for item in described.classes if item.name not in configured]
    return replace(
        described, classes=(*configured.values(), *others), losses=tuple(dict.fromkeys(_losses(bundle)))
    )


def _is_export(row: JsonObject) -> bool:
    if not isinstance(row.get("text", row.get("data")), str):
        return False
    if "_task_hash" in row:
        return False
    if "Comments" in row or "annotation_approver" in row:
        return True
    label, spans, entities = row.get("label"), row.get("labels"), row.get("entities")
    if isinstance(label, list) and all(isinstance(item, str) or _is_triple(item) for item in label):
        return True
    if isinstance(spans, list) and spans and all(map(_is_triple, spans)):
        return True
    if isinstance(entities, list) and ("cats" in row or "relations" in row):
        return True
    return isinstance(entities, list) and any(isinstance(e, dict) and "start_offset" in e for e in entities)


def _is_triple(value: Json) -> bool:
    return isinstance(value, list) and [type(part) for part in value] == [int, int, str]


def _is_configuration(bundle: Bundle, name: str) -> bool:
    rows = first_rows(bundle, name)[:1]
    return any("background_color" in row and "text" in row and "suffix_key" in row for row in rows)


def _configured_classes(bundle: Bundle) -> Iterator[OutlineClass]:
    for name in json_names(bundle):
        if not _is_configuration(bundle, name):
            continue
        for _, row in json_rows(bundle, name):
            try:
                if not isinstance(row, BadRow):
                    yield _class(row)
            except RowProblem:
                continue  # a class without a usable name is none


def _class(row: JsonObject) -> OutlineClass:
    """A prefix key, such as Ctrl, is left out: here keys stand alone."""
    color, key = row.get("background_color"), row.get("suffix_key")
    return OutlineClass(
        check_label(row.get("text")),
        color=color.lower() if isinstance(color, str) and _COLOR.fullmatch(color) else "",
        shortcut=key if isinstance(key, str) and len(key) == 1 and not row.get("prefix_key") else "",
    )


def _annotator(name: str) -> str | None:
    stem = PurePosixPath(name).stem
    return None if stem in SHARED_STEMS else stem


def _record(row: JsonObject, line: int, annotator: str | None) -> Record:
    text = check_text(row.get("text", row.get("data")))
    fields = OptionalFields()
    external_id = fields.read(WITHOUT_ID, check_id, row.get("id"))
    annotation = fields.read(WITHOUT_LABEL, _annotation, row, text, annotator)
    comments = _comments(row.get("Comments"))
    record = Record(line, text, external_id, _metadata(row), problems=tuple(fields.problems))
    return _annotated(record, annotation, comments)


def _annotated(record: Record, annotation: RecordAnnotation | None, comments: str) -> Record:
    """The record with its annotation, which has the comments as its note."""
    if annotation is None or (not annotation.labels and not annotation.spans):
        return replace(record, metadata=record.metadata | ({"comments": comments} if comments else {}))
    if annotation.annotator is None and not comments:
        return replace(record, labels=annotation.labels, spans=annotation.spans)
    provenance: dict[str, Json] = {"note": comments} if comments else {}
    return replace(record, annotations=(replace(annotation, provenance=provenance),))


def _annotation(row: JsonObject, text: str, annotator: str | None) -> RecordAnnotation:
    if row.get("annotations"):
        raise RowProblem(
            gettext_noop("The row has numbers of classes. Export it again as JSONL, with text labels.")
        )
    if "entities" in row:
        return RecordAnnotation(annotator, spans=_entities(row["entities"], text))
    value = next((row[key] for key in ("label", "labels", "cats") if row.get(key)), [])
    if isinstance(value, str):
        value = [value]
    if isinstance(value, list) and value and isinstance(value[0], list):
        return RecordAnnotation(annotator, spans=check_spans(value, text))
    return RecordAnnotation(annotator, labels=check_labels(value))


def _entities(value: Json, text: str) -> tuple[Span, ...]:
    items: list[Json] = []
    for item in value if isinstance(value, list) else []:
        if isinstance(item, dict):
            item = [item.get("start_offset"), item.get("end_offset"), item.get("label")]
        items.append(item)
    return check_spans(items, text)


def _comments(value: Json) -> str:
    """The comments on a document, a line each; projects with relations write them as objects."""
    items = value if isinstance(value, list) else [value]
    texts = [item.get("comment") if isinstance(item, dict) else item for item in items]
    return "\n".join(text for text in texts if isinstance(text, str) and text)


def _metadata(row: JsonObject) -> dict[str, Json]:
    """All other keys. Rows that lack one of another row have a null there."""
    meta = row.get("meta")
    metadata: dict[str, Json] = {}
    for key, value in row.items():
        if key not in RESERVED_KEYS and value is not None:
            metadata[metadata_field(key)] = value
    if isinstance(meta, dict):
        metadata = meta | metadata
    elif isinstance(meta, str) and meta:
        metadata["meta"] = meta
    if row.get("annotation_approver"):
        metadata["annotation_approver"] = row["annotation_approver"]
    if "entities" in row and row.get("cats"):
        metadata["cats"] = row["cats"]
    return metadata


def _losses(bundle: Bundle) -> Iterator[str]:
    for name in json_names(bundle):
        for _, row in json_rows(bundle, name):
            if isinstance(row, BadRow):
                continue
            if row.get("relations"):
                yield "Relations between entities are left out."
            if "entities" in row and row.get("cats"):
                yield "Intents become metadata, because a project has either classes or spans."


def _csv_names(bundle: Bundle) -> list[str]:
    return [name for name in bundle.names if name.lower().endswith(".csv")]


def _csv_text_column(bundle: Bundle, name: str) -> str | None:
    """The column of the text in a table of doccano's: it has labels, and comments or "data"."""
    try:
        with bundle.open(name) as file:
            header = columns(file.read(HEAD_BYTES), delimiter=",", has_header=True).names
    except FormatError:
        return None
    if not {"id", "label"}.issubset(header):
        return None
    if "data" in header:
        return "data"
    return "text" if "text" in header and "Comments" in header else None


def _csv_records(bundle: Bundle, name: str, annotator: str | None) -> Iterator[Record | BadRow]:
    choice = ColumnChoice(
        _csv_text_column(bundle, name) or "text", "id", labels="label", separator=CSV_SEPARATOR
    )
    with bundle.open(name) as file:
        for row in read_csv(utf8_chunks(file), Dialect(), choice):
            if isinstance(row, BadRow):
                yield row
                continue
            comments = _comments(row.metadata.pop("Comments", None))
            annotation = RecordAnnotation(annotator, labels=row.labels)
            yield _annotated(replace(row, labels=None), annotation, comments)
