"""doccano writer: a zip with one JSONL file for each annotator, and the label configuration."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator

from labeling.formats.outlines import DatasetFeatures, OutlineClass, ProjectOutline
from labeling.formats.records import (
    BadRow,
    Json,
    Record,
    RecordAnnotation,
    RowProblem,
    bad_row,
    gettext_noop,
)
from labeling.formats.writers.complete_annotations import complete_annotations
from labeling.formats.writers.losses import losses_of_annotators
from labeling.formats.writers.zip_stream import MemberNames, ParallelFiles, zip_pieces

TOOL = "doccano"
SUFFIX = ".zip"

CONFIGURATION = "label_config.json"
RENAMED = gettext_noop('The annotator "%(name)s" is called "%(stem)s" there, as files must be.')
_SHARED = "all"
_KEYS = frozenset("0123456789abcdefghijklmnopqrstuvwxyz")  # that doccano takes as a shortcut


def losses(features: DatasetFeatures) -> list[str]:
    """Splits, predictions and most of the provenance; and "no class" is "unlabeled"."""
    sentences = losses_of_annotators(["annotators", "metadata", "overlaps", "provenance"], features)
    if features.has_provenance:
        sentences.append(
            gettext_noop(
                "Notes become comments. Times, guideline versions and selection probabilities are left out."
            )
        )
    return sentences


def write(
    outline: ProjectOutline, records: Iterable[Record], on_loss: Callable[[BadRow], None]
) -> Iterator[bytes]:
    """label_config.json, all.jsonl for annotations without a name and for unlabeled documents, and a file of
    each annotator, as doccano exports a project whose annotators do not share their labels."""
    with tempfile.TemporaryFile() as spool:
        files = ParallelFiles(spool)
        stems = _Stems()
        for record in records:
            annotations = complete_annotations(record, on_loss) or [RecordAnnotation()]
            for annotation in annotations:
                name = stems.of(annotation.annotator, record, on_loss)
                files.append(f"{name}.jsonl", _line(record, annotation))
        members: list[tuple[str, bytes | Iterator[bytes]]] = [(CONFIGURATION, _configuration(outline))]
        members += [(name, files.pieces(name)) for name in files.names]
        yield from zip_pieces(members)


class _Stems:
    """Names of the annotators' files, without their ending."""

    def __init__(self) -> None:
        self._names = MemberNames()
        self._stems: dict[str | None, str] = {}
        for taken in (_SHARED, "unknown", CONFIGURATION.removesuffix(".json")):
            self._names.add(taken)

    def of(self, annotator: str | None, record: Record, on_loss: Callable[[BadRow], None]) -> str:
        if annotator is None:
            return _SHARED
        if annotator not in self._stems:
            stem = self._stems[annotator] = self._names.add(annotator)
            if stem != annotator:
                problem = RowProblem(RENAMED, name=annotator[:50], stem=stem)
                on_loss(bad_row(record.line, problem, record.text))
        return self._stems[annotator]


def _line(record: Record, annotation: RecordAnnotation) -> bytes:
    """One row. All have the same keys, and metadata are one of them.

    doccano puts what is imported into a data frame. A key that some rows lack becomes NaN there, its database
    refuses that, and no document of the file is imported.
    """
    row: dict[str, Json] = {"id": record.external_id, "text": record.text, "meta": record.metadata}
    if annotation.spans is not None:
        row["label"] = [[span.start, span.end, span.label] for span in annotation.spans]
    else:
        row["label"] = list(annotation.labels or ())
    note = annotation.provenance.get("note")
    row["Comments"] = [note] if note else []
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"


def _configuration(outline: ProjectOutline) -> bytes:
    return json.dumps([_class(item) for item in outline.classes], ensure_ascii=False, indent=1).encode()


def _class(item: OutlineClass) -> dict[str, Json]:
    return {
        "text": item.name,
        "prefix_key": None,
        "suffix_key": item.shortcut if item.shortcut in _KEYS else None,
        "background_color": item.color or "#209cee",
        "text_color": "#ffffff",
    }
