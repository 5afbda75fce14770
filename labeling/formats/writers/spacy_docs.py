"""spaCy writer: a zip of DocBin files by split, for `spacy train`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from labeling.formats.outlines import DatasetFeatures, Kind, ProjectOutline
from labeling.formats.records import BadRow, Record, RecordAnnotation, RowProblem, Span, bad_row, gettext_noop
from labeling.formats.spacy_package import load_spacy
from labeling.formats.writers.final_labels import final_annotation
from labeling.formats.writers.losses import losses_beside
from labeling.formats.writers.zip_stream import Content, zip_pieces

TOOL = "spaCy"
SUFFIX = ".zip"
EXTRA = "spacy"

MAX_DOCS = 20_000  # of one file: spaCy holds all of it in memory
LANGUAGE = "xx"  # spaCy's rules for texts in any language
SPAN_GROUP = "sc"  # where spaCy's span categorizer looks
MISALIGNED = gettext_noop(
    "A span begins or ends within a token and is left out: %(label)s, %(start)d to %(end)d."
)
OVERLAPPING = gettext_noop("A span overlaps a longer one and is left out: %(label)s, %(start)d to %(end)d.")
TOKENS_ONLY = gettext_noop("Spans that begin or end within a token of spaCy are left out.")


def losses(features: DatasetFeatures) -> list[str]:
    sentences = losses_beside(["metadata", "splits", "overlaps", "no_class"], features)
    return [*sentences, TOKENS_ONLY] if features.kind == "spans" else sentences


def write(
    outline: ProjectOutline, records: Iterable[Record], on_loss: Callable[[BadRow], None]
) -> Iterator[bytes]:
    """train.spacy and test.spacy, or folders with parts of 20,000 documents.

    Raises UnreadableFile where the package is not installed.
    """
    return zip_pieces(_members(_DocMaker(outline, on_loss), records))


def _members(maker: _DocMaker, records: Iterable[Record]) -> Iterator[tuple[str, Content]]:
    bins = {"train": maker.new_bin(), "test": maker.new_bin()}
    parts = dict.fromkeys(bins, 0)
    for record in records:
        name = "test" if record.split == "test" else "train"
        bins[name].add(maker.doc(record))
        if len(bins[name]) == MAX_DOCS:
            parts[name] += 1
            yield f"{name}/{parts[name]:04}.spacy", bins[name].to_bytes()
            bins[name] = maker.new_bin()
    for name, docs in bins.items():
        if parts[name] and len(docs):
            yield f"{name}/{parts[name] + 1:04}.spacy", docs.to_bytes()
        elif len(docs) or not any(parts.values()):
            yield f"{name}.spacy", docs.to_bytes()


class _DocMaker:
    """Makes spaCy's documents of ours."""

    def __init__(self, outline: ProjectOutline, on_loss: Callable[[BadRow], None]) -> None:
        self._spacy = load_spacy()
        self._nlp = self._spacy.blank(LANGUAGE)
        self._kind: Kind = outline.kind or "single"
        self._classes = [label_class.name for label_class in outline.classes]
        self._may_overlap = outline.allows_overlapping_spans
        self._on_loss = on_loss

    def new_bin(self) -> Any:
        return self._spacy.tokens.DocBin(store_user_data=True)

    def doc(self, record: Record) -> Any:
        doc = self._nlp.make_doc(record.text)
        fields = {"id": record.external_id, "split": record.split, "metadata": record.metadata or None}
        doc.user_data = {key: value for key, value in fields.items() if value is not None}
        annotation = final_annotation(record, self._on_loss)
        if annotation is not None:
            self._annotate(doc, record, annotation)
        return doc

    def _annotate(self, doc: Any, record: Record, annotation: RecordAnnotation) -> None:
        if self._kind != "spans":
            labels = annotation.labels or ()
            doc.cats = {name: float(name in labels) for name in dict.fromkeys([*self._classes, *labels])}
            return
        spans = list(self._aligned(doc, record, annotation.spans or ()))
        if self._may_overlap:
            doc.spans[SPAN_GROUP] = spans
            return
        kept = self._spacy.util.filter_spans(spans)
        for span in spans:
            if span not in kept:
                self._tell(OVERLAPPING, record, Span(span.start_char, span.end_char, span.label_))
        doc.set_ents(kept, default="outside")

    def _aligned(self, doc: Any, record: Record, spans: Iterable[Span]) -> Iterator[Any]:
        for span in spans:
            aligned = doc.char_span(span.start, span.end, label=span.label)
            if aligned is None:
                self._tell(MISALIGNED, record, span)
            else:
                yield aligned

    def _tell(self, message: str, record: Record, span: Span) -> None:
        problem = RowProblem(message, label=span.label, start=span.start, end=span.end)
        self._on_loss(bad_row(record.line, problem, record.text))
