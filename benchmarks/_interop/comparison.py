"""Comparison of documents before and after a round trip: text, metadata, set, annotations and predictions."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict

from labeling.formats.records import Json, Record, RecordAnnotation, RecordPrediction, Span
from labeling.formats.writers.final_labels import final_annotation

Answer = list[Any] | None  # class names, or [start, end, class] per span; None for a skipped document


class Document(TypedDict):
    """A document as JSON, in which the modules of the tools hand it over.

    annotations : per annotator, "" for one without a name
    predictions : per model, the class with its probability, or the spans
    """

    id: str | None
    text: str
    metadata: Mapping[str, Json]
    split: str | None
    annotations: Mapping[str, Answer]
    predictions: Mapping[str, Any]


ASPECTS = ("id", "text", "metadata", "split", "annotations", "predictions")


def document_of(record: Record) -> Document:
    """A record with what is compared of it."""
    return Document(
        id=record.external_id,
        text=record.text,
        metadata=record.metadata,
        split=record.split,
        annotations={each.annotator or "": _answer(each) for each in record.answers},
        predictions={each.model: _prediction(each) for each in record.predictions},
    )


def with_final_label(record: Record) -> Document:
    """The document as a format with one annotation per document can hold it at best."""
    final = final_annotation(record, lambda row: None)
    return {
        **document_of(record),
        "annotations": {} if final is None else {"": _answer(final)},
        "predictions": {},
    }


@dataclass
class Comparison:
    """Round trips of documents so far: how many came back equal in each aspect, and what differs.

    equal : documents by aspect
    losses : a line per document, by aspect; "document" for missing and added ones

    >>> one: Document = {"id": "1", "text": "Hi", "metadata": {}, "split": None,
    ...                  "annotations": {"": ["a"]}, "predictions": {}}
    >>> comparison = Comparison()
    >>> comparison.add("mails", [one], [{**one, "annotations": {}}])
    >>> comparison.equal["text"], comparison.losses["annotations"]
    (1, ["mails/1: {'': ['a']} became {}"])
    """

    documents: int = 0
    equal: Counter[str] = field(default_factory=Counter)
    losses: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, project: str, before: Sequence[Document], after: Iterable[Document]) -> None:
        """Compare the documents of one project, matched by id or else by text."""
        copies = list(after)
        by_id = {copy["id"]: copy for copy in copies if copy["id"]}
        by_text = {copy["text"]: copy for copy in copies}
        self.documents += len(before)
        if len(copies) > len(before):
            self.losses["document"].append(f"{project}: {len(before)} became {len(copies)}")
        for original in before:
            name = f"{project}/{original['id']}"
            copy = by_id.get(original["id"] or "") or by_text.get(original["text"])
            if copy is None:
                self.losses["document"].append(f"{name}: missing")
            else:
                self._compare(name, original, copy)

    def _compare(self, name: str, original: Mapping[str, Any], copy: Mapping[str, Any]) -> None:
        for aspect in ASPECTS:
            if original[aspect] == copy[aspect]:
                self.equal[aspect] += 1
            else:
                self.losses[aspect].append(f"{name}: {original[aspect]!r} became {copy[aspect]!r}")

    @property
    def result(self) -> dict[str, Any]:
        """The comparison as JSON."""
        equal = {aspect: self.equal[aspect] for aspect in ASPECTS}
        return {"documents": self.documents, "equal": equal, "losses": dict(self.losses)}


def merged(documents: Iterable[Document]) -> list[Document]:
    """Documents that a file holds once per annotator, each once with all its annotations.

    >>> one: Document = {"id": "1", "text": "Hi", "metadata": {}, "split": None,
    ...                  "annotations": {"ann": ["a"]}, "predictions": {}}
    >>> [each["annotations"] for each in merged([one, {**one, "annotations": {"bob": ["b"]}}])]
    [{'ann': ['a'], 'bob': ['b']}]
    """
    rows: dict[str, Document] = {}
    for document in documents:
        first = rows.setdefault(document["id"] or document["text"], document)
        first["annotations"] = {**first["annotations"], **document["annotations"]}
    return list(rows.values())


def _answer(annotation: RecordAnnotation) -> Answer:
    if annotation.spans is not None:
        return _pairs(annotation.spans)
    return None if annotation.labels is None else sorted(annotation.labels)


def _prediction(prediction: RecordPrediction) -> Any:
    if prediction.spans is not None:
        return _pairs(prediction.spans)
    return {name: round(share, 4) for name, share in prediction.probabilities.items()}


def _pairs(spans: Iterable[Span]) -> list[list[int | str]]:
    return sorted([span.start, span.end, span.label] for span in spans)
