"""Azure Language writer: custom text classification and custom NER, a zip of a JSON file and the texts."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from labeling.formats.offsets import OffsetConverter
from labeling.formats.outlines import DatasetFeatures, Kind, ProjectOutline
from labeling.formats.records import BadRow, Json, Record, RowProblem, Span, bad_row, gettext_noop
from labeling.formats.writers.final_labels import final_annotation
from labeling.formats.writers.losses import Part, losses_beside
from labeling.formats.writers.zip_stream import Content, MemberNames, ParallelFiles, zip_pieces

TOOL = "Azure Language"
SUFFIX = ".zip"

NOT_ONE_CLASS = gettext_noop("The document does not have exactly one class. Written as unlabeled.")
FILE_NAMES = gettext_noop("IDs become file names that end in .txt.")

_KINDS: dict[Kind, str] = {
    "single": "CustomSingleLabelClassification",
    "multi": "CustomMultiLabelClassification",
    "spans": "CustomEntityRecognition",
}
_DATASETS = {"pool": "Train", "test": "Test"}
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_PATH = re.compile(r"(?:[\w()+@-][\w .()+@-]*/)+[\w()+@-][\w .()+@-]*\.txt")  # no hidden or relative parts
_DEFAULT_LANGUAGE = "en-us"


def losses(features: DatasetFeatures) -> list[str]:
    held: list[Part] = ["splits", "overlaps"]
    if features.kind == "multi":
        held.append("no_class")  # an empty list of classes says it
    return [*losses_beside(held, features), FILE_NAMES]


def write(
    outline: ProjectOutline, records: Iterable[Record], on_loss: Callable[[BadRow], None]
) -> Iterator[bytes]:
    """Texts as files, then the labels; what is known of each document waits in a temporary file."""
    with tempfile.TemporaryFile() as spool:
        yield from zip_pieces(_members(outline, records, on_loss, ParallelFiles(spool)))


@dataclass
class _Labels:
    """What the JSON file says, beside the documents that are on disk."""

    kind: Kind
    classes: dict[str, None]
    languages: set[str] = field(default_factory=set)


def _members(
    outline: ProjectOutline,
    records: Iterable[Record],
    on_loss: Callable[[BadRow], None],
    entries: ParallelFiles,
) -> Iterator[tuple[str, Content]]:
    kind: Kind = outline.kind or "single"
    labels = _Labels(kind, dict.fromkeys(label_class.name for label_class in outline.classes))
    locations = _Locations()
    entries.append("documents", b"")
    separator = b"\n  "
    for record in records:
        location = locations.add(record)
        content = record.text.encode()
        # A reader takes the first mark for that of the file.
        yield location, b"\xef\xbb\xbf" + content if record.text.startswith("\ufeff") else content
        entry = _entry(record, location, labels, on_loss)
        entries.append("documents", separator + json.dumps(entry, ensure_ascii=False).encode())
        separator = b",\n  "
    yield "project.json", chain(_head(outline, labels), entries.pieces("documents"), [b"]}}\n"])


def _entry(
    record: Record, location: str, labels: _Labels, on_loss: Callable[[BadRow], None]
) -> dict[str, Json]:
    entry: dict[str, Json] = {"location": location}
    language = record.metadata.get("language")
    if isinstance(language, str) and _LANGUAGE.fullmatch(language):
        entry["language"] = language
        labels.languages.add(language)
    if dataset := _DATASETS.get(record.split or ""):
        entry["dataset"] = dataset
    annotation = final_annotation(record, on_loss)
    if annotation is None:
        return entry
    if labels.kind == "spans":
        spans = annotation.spans or ()
        labels.classes.update(dict.fromkeys(span.label for span in spans))
        entry["entities"] = [_region(record.text, spans)]
        return entry
    names = annotation.labels or ()
    labels.classes.update(dict.fromkeys(names))
    if labels.kind == "multi":
        entry["classes"] = [{"category": name} for name in names]
    elif len(names) == 1:
        entry["class"] = {"category": names[0]}
    else:
        on_loss(bad_row(record.line, RowProblem(NOT_ONE_CLASS), record.text))
    return entry


def _region(text: str, spans: tuple[Span, ...]) -> dict[str, Json]:
    """The one region of a text, which is all of it, with its entities in UTF-16 code units."""
    offset = OffsetConverter(text, "utf-16").from_code_points
    return {
        "regionOffset": 0,
        "regionLength": offset(len(text)),
        "labels": [
            {
                "category": span.label,
                "offset": offset(span.start),
                "length": offset(span.end) - offset(span.start),
            }
            for span in spans
        ],
    }


def _head(outline: ProjectOutline, labels: _Labels) -> Iterator[bytes]:
    """The JSON up to the documents; the container is to be entered where the texts are uploaded."""
    languages = sorted(labels.languages)
    metadata: dict[str, Json] = {
        "projectKind": _KINDS[labels.kind],
        "storageInputContainerName": "documents",
        "projectName": outline.name[:50],
        "multilingual": len(languages) > 1,
        "description": outline.description,
        "language": languages[0] if len(languages) == 1 else _DEFAULT_LANGUAGE,
        "settings": {},
    }
    head: dict[str, Json] = {
        "projectFileVersion": "2022-05-01",
        "stringIndexType": "Utf16CodeUnit",
        "metadata": metadata,
        "assets": {
            "projectKind": _KINDS[labels.kind],
            "entities" if labels.kind == "spans" else "classes": [
                {"category": name} for name in labels.classes
            ],
        },
    }
    yield json.dumps(head, ensure_ascii=False).removesuffix("}}").encode() + b', "documents": ['


class _Locations:
    """Names of the text files. A path that can be one stays as it is, so that Azure knows the document."""

    def __init__(self) -> None:
        self._names = MemberNames()
        self._paths: set[str] = set()

    def add(self, record: Record) -> str:
        name = record.external_id or f"document {record.line}"
        if _PATH.fullmatch(name) and name.casefold() not in self._paths:
            self._paths.add(name.casefold())
            return name
        return self._names.add(name.removesuffix(".txt")) + ".txt"
