"""Hugging Face writer: a zip of JSON lines by split, with a card that tells `datasets` the classes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from labeling.formats.outlines import DatasetFeatures, Kind, ProjectOutline
from labeling.formats.records import BadRow, Record
from labeling.formats.tagging_schemes import OUTSIDE
from labeling.formats.writers.conll import tagged_tokens
from labeling.formats.writers.table_rows import TableRow, table_losses, table_row
from labeling.formats.writers.zip_stream import Content, ParallelFiles, zip_pieces

TOOL = "Hugging Face"
SUFFIX = ".zip"

_FILES = {"test": "test.jsonl", "pool": "train.jsonl", None: "train.jsonl"}
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def losses(features: DatasetFeatures) -> list[str]:
    return table_losses(features, "guideline")  # the last version is in the card


def write(
    outline: ProjectOutline, records: Iterable[Record], on_loss: Callable[[BadRow], None]
) -> Iterator[bytes]:
    """A file for each split, then the card; the rows wait in a temporary file."""
    with tempfile.TemporaryFile() as spool:
        yield from zip_pieces(_members(outline, records, on_loss, ParallelFiles(spool)))


def _members(
    outline: ProjectOutline,
    records: Iterable[Record],
    on_loss: Callable[[BadRow], None],
    files: ParallelFiles,
) -> Iterator[tuple[str, Content]]:
    kind: Kind = outline.kind or "single"
    names = dict.fromkeys(label_class.name for label_class in outline.classes)
    for record in records:
        row = table_row(record, kind, on_loss)
        names |= dict.fromkeys(_names(row))
        files.append(_FILES[row.split], (_ENCODER.encode(_object(row, record, kind)) + "\n").encode())
    for name in files.names:
        yield name, files.pieces(name)
    yield "README.md", _card(outline, kind, list(names), files.names).encode()


def _names(row: TableRow) -> Iterator[str]:
    if row.label is not None:
        yield row.label
    yield from row.labels or ()
    yield from (span.label for span in row.spans or ())


def _object(row: TableRow, record: Record, kind: Kind) -> dict[str, Any]:
    """The columns of the card. Classes go by name; `datasets` numbers them."""
    value: dict[str, Any] = {"id": row.id, "text": row.text}
    match kind:
        case "single":
            value["label"] = row.label
        case "multi":
            value["labels"] = None if row.labels is None else list(row.labels)
        case "spans":
            value["spans"] = value["tokens"] = value["ner_tags"] = None
            if row.spans is not None:
                offsets, tags = tagged_tokens(record, row.spans, lambda loss: None)  # the spans have it all
                value["spans"] = [{"start": s.start, "end": s.end, "label": s.label} for s in row.spans]
                value["tokens"] = [row.text[start:end] for start, end in offsets]
                value["ner_tags"] = tags
    return value | {"metadata": row.metadata or None}


def _card(outline: ProjectOutline, kind: Kind, names: list[str], files: list[str]) -> str:
    lines = ["---"]
    if files:
        lines += ["configs:", "- config_name: default", "  data_files:"]
        for name in files:
            lines += [f"  - split: {name.removesuffix('.jsonl')}", f"    path: {name}"]
    lines += ["dataset_info:", "  features:", *_features(kind, names), "---", ""]
    lines += [f"# {outline.name or 'Dataset'}", ""]
    if outline.description:
        lines += [outline.description, ""]
    lines += ["`id`, `text` and the final labels of each document; `metadata` is JSON.", ""]
    if outline.guidelines:
        lines += ["## Annotation guidelines", "", outline.guidelines[-1].text, ""]
    return "\n".join(lines)


def _features(kind: Kind, names: list[str]) -> Iterator[str]:
    """The types of the columns, in the YAML of `datasets`."""
    yield from _value("id", "string")
    yield from _value("text", "string")
    match kind:
        case "single":
            yield "  - name: label"
            yield from _class_label("    dtype:", names)
        case "multi":
            yield "  - name: labels"
            yield from _class_label("    sequence:", names)
        case "spans":
            yield from ("  - name: spans", "    list:")
            yield from ("    - name: start", "      dtype: int64", "    - name: end", "      dtype: int64")
            yield from ("    - name: label", "      dtype: string")
            yield from ("  - name: tokens", "    sequence: string", "  - name: ner_tags")
            tags = [OUTSIDE, *(f"{prefix}-{name}" for name in names for prefix in "BI")]
            yield from _class_label("    sequence:", tags)
    yield from _value("metadata", "string")


def _value(name: str, dtype: str) -> tuple[str, str]:
    return f"  - name: {name}", f"    dtype: {dtype}"


def _class_label(key: str, names: list[str]) -> Iterator[str]:
    if not names:  # a list of no names is no class label
        yield f"{key} string"
        return
    yield key
    yield "      class_label:"
    yield "        names:"
    for number, name in enumerate(names):
        yield f"          '{number}': {json.dumps(name, ensure_ascii=False)}"
