"""Row annotations: who gave the label of a row and what it counts for, as our own JSONL and CSV say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from labeling.formats import strict_json
from labeling.formats.dataset_lines import PROVENANCE_KEYS
from labeling.formats.records import Json, Record, RecordAnnotation, RowProblem

_RENAMED = {"how": "resolution", "share": "selected_by", "chance": "selection_probability"}  # long ago
_TEXTS = ("annotator", "created_at", "source", "resolution", "selected_by", "note")


def with_annotation(record: Record, value: Json) -> Record:
    """The record, with its label as the annotation that the row describes.

    value : what the row says of its annotation; anything but an object with an annotator is passed over

    >>> record = Record(1, "Hi", labels=("greeting",))
    >>> with_annotation(record, {"annotator": "ann", "is_withdrawn": True}).annotations
    (RecordAnnotation(annotator='ann', labels=('greeting',), spans=None, provenance={'is_withdrawn': True}),)
    >>> with_annotation(record, "by ann") is record
    True
    """
    if not isinstance(value, dict) or "annotator" not in value:
        return record
    if record.labels is None and record.spans is None:
        return record
    described = {_RENAMED.get(key, key): item for key, item in value.items()}
    annotator = described["annotator"]
    provenance = {key: described[key] for key in PROVENANCE_KEYS if key in described}
    annotation = RecordAnnotation(
        str(annotator) if isinstance(annotator, (str, int)) and annotator != "" else None,
        record.labels,
        record.spans,
        provenance,
    )
    return replace(record, labels=None, spans=None, annotations=(annotation,))


def annotation_of_cells(cells: Mapping[str, str]) -> dict[str, Json]:
    """What the cells of a table say, by the names of its columns without their prefix.

    >>> annotation_of_cells({"annotator": "7", "is_counted": "TRUE", "seconds": "4.5", "how": ""})
    {'annotator': '7', 'is_counted': True, 'seconds': 4.5, 'how': None}
    """
    return {name: _value(_RENAMED.get(name, name), cell) for name, cell in cells.items()}


def _value(name: str, cell: str) -> Json:
    """Text as it is; else JSON, where spreadsheets write TRUE for true. An empty note is a note."""
    if name in _TEXTS:
        return cell if cell or name == "note" else None
    if cell.lower() in ("true", "false"):
        return cell.lower() == "true"
    try:
        return strict_json.loads(cell) if cell else None
    except RowProblem:
        return cell
