"""Review Queue dataset writer: everything of a project's data, as JSONL without loss."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from labeling.formats.dataset_lines import (
    COUNTED,
    FORMAT,
    FORMAT_VERSION,
    OFFSET_UNIT,
    PROVENANCE_KEYS,
    TOOL,
    LineType,
)
from labeling.formats.outlines import DatasetFeatures, OutlineClass, OutlineGuideline, ProjectOutline
from labeling.formats.records import BadRow, Record, RecordAnnotation, RecordPrediction, Span

__all__ = ["SUFFIX", "TOOL", "losses", "write"]

SUFFIX = ".jsonl"
PIECE_CHARACTERS = 64 * 1024
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)

Line: TypeAlias = "dict[str, object]"


def losses(features: DatasetFeatures) -> list[str]:
    """Nothing is lost."""
    return []


def write(
    outline: ProjectOutline, records: Iterable[Record], on_loss: Callable[[BadRow], None]
) -> Iterator[bytes]:
    r"""The lines of a dataset, UTF-8, in pieces of about 64 KiB; equal data make equal bytes.

    >>> outline = ProjectOutline("Review Queue", "mails", "single")
    >>> lines = b"".join(write(outline, [Record(1, "Hi", labels=("greeting",))], print)).splitlines()
    >>> print(lines[-2].decode())
    {"type": "document", "id": null, "text": "Hi", "split": null, "metadata": {}, "labels": ["greeting"]}
    >>> print(lines[-1].decode())
    {"type": "end", "documents": 1, "annotations": 0, "predictions": 0}
    """
    pieces: list[str] = []
    size = 0
    for line in _lines(outline, records):
        pieces.append(_ENCODER.encode(line))
        size += len(pieces[-1])
        if size >= PIECE_CHARACTERS:
            yield ("\n".join(pieces) + "\n").encode()
            pieces, size = [], 0
    yield ("\n".join(pieces) + "\n").encode()


def _lines(outline: ProjectOutline, records: Iterable[Record]) -> Iterator[Line]:
    yield {
        "type": LineType.HEADER,
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "offset_unit": OFFSET_UNIT,
    }
    yield {
        "type": LineType.PROJECT,
        "name": outline.name,
        "kind": outline.kind,
        "description": outline.description,
        "allows_overlapping_spans": outline.allows_overlapping_spans,
    }
    for number, guideline in enumerate(outline.guidelines, 1):
        yield _guideline(number, guideline)
    yield from map(_class, outline.classes)
    counts = dict.fromkeys(COUNTED.values(), 0)
    for record in records:
        yield _document(record)
        yield from map(_annotation, record.annotations)
        yield from map(_prediction, record.predictions)
        counts["documents"] += 1
        counts["annotations"] += len(record.annotations)
        counts["predictions"] += len(record.predictions)
    yield {"type": LineType.END, **counts}


def _guideline(number: int, guideline: OutlineGuideline) -> Line:
    return {
        "type": LineType.GUIDELINE,
        "number": number,
        "change": guideline.change,
        "summary": guideline.summary,
        "created_at": guideline.created_at,
        "author": guideline.author,
        "text": guideline.text,
        "rules": [
            {
                "class": rule.label_class,
                "definition": rule.definition,
                "examples": rule.examples,
                "counter_examples": rule.counter_examples,
            }
            for rule in guideline.rules
        ],
    }


def _class(label_class: OutlineClass) -> Line:
    return {
        "type": LineType.CLASS,
        "name": label_class.name,
        "description": label_class.description,
        "color": label_class.color,
        "shortcut": label_class.shortcut,
        "is_active": label_class.is_active,
        "seed_words": list(label_class.seed_words),
    }


def _document(record: Record) -> Line:
    return {
        "type": LineType.DOCUMENT,
        "id": record.external_id,
        "text": record.text,
        "split": record.split,
        "metadata": record.metadata,
        **_labels(record.labels, record.spans),
    }


def _annotation(annotation: RecordAnnotation) -> Line:
    provenance = annotation.provenance
    ordered = {key: provenance[key] for key in PROVENANCE_KEYS if key in provenance}
    return {
        "type": LineType.ANNOTATION,
        "annotator": annotation.annotator,
        **_labels(annotation.labels, annotation.spans),
        "provenance": ordered | dict(provenance),
    }


def _prediction(prediction: RecordPrediction) -> Line:
    line: Line = {
        "type": LineType.PREDICTION,
        "model": prediction.model,
        "version": prediction.version,
        "probabilities": {name: float(value) for name, value in prediction.probabilities.items()},
    }
    return line | _labels(None, prediction.spans)


def _labels(labels: tuple[str, ...] | None, spans: tuple[Span, ...] | None) -> Line:
    """Labels and spans, as far as there are any; an empty list says that no class applies."""
    line: Line = {} if labels is None else {"labels": list(labels)}
    if spans is not None:
        line["spans"] = [[span.start, span.end, span.label] for span in spans]
    return line
