"""Hypothesis strategies for files: texts, classes, spans and records with all that trips a format up."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

from hypothesis import strategies as st

from labeling.formats.names import invisible_character, normal_name, skeleton
from labeling.formats.outlines import Kind, OutlineClass, ProjectOutline
from labeling.formats.records import Json, Record, RecordAnnotation, RecordPrediction, Span

# Of one and of two UTF-16 code units.
LONG_TEXT = ("Zeile eins.\r\nline two 😀 " * 5_000)[:100_000]

TRAPS = (
    "😀 Ann",
    "e\u0301te\u0301",
    "👩‍👩‍👧 family",
    "one\r\ntwo\rthree\nfour",
    "one\u2028two\u2029three\u0085four\x0bfive",
    'say "no", it\'s \\n not a line',
    "=1+1",
    "@cmd,|;#\t<b>&amp;</b>",
    "\ufeffmark",
    " leading and trailing ",
    "עברית \u202e العربية",
)
STORABLE = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=40)
TEXTS = st.one_of(STORABLE, st.sampled_from(TRAPS), st.lists(st.sampled_from(TRAPS)).map("".join)).filter(
    lambda text: bool(text) and not text.isspace()
)
IDS = st.text("abcXYZ019-_", min_size=1, max_size=12)
ANNOTATORS = st.sampled_from(["ann", "bob@example.org", 'Čeněk, "C"', "7"])
SCORES = st.integers(0, 1000).map(lambda score: score / 1000)
JSON_VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | SCORES | STORABLE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(STORABLE, inner, max_size=3),
    max_leaves=5,
)
METADATA = st.dictionaries(
    st.sampled_from(["channel", "stars", "Größe", "a b", "=x"]), JSON_VALUES, max_size=3
)


@st.composite
def class_names(draw: st.DrawFn, *, min_size: int = 1, max_size: int = 4) -> list[str]:
    """Names of classes in their normal form, no two of which look alike."""
    names = st.one_of(
        st.sampled_from(["Bug", "late", "O'Neil & Söhne", "a|b,c;d#e", "[x]", "B-ORG", "=1+1", "日本"]),
        STORABLE.map(normal_name).filter(lambda name: 0 < len(name) <= 100 and not _is_refused(name)),
    )
    return draw(
        st.lists(names, min_size=min_size, max_size=max_size, unique_by=lambda n: skeleton(n).casefold())
    )


@st.composite
def spans_of(draw: st.DrawFn, text: str, labels: Sequence[str], *, overlap: bool = True) -> tuple[Span, ...]:
    """Spans of a text, in order and each once."""
    edges = st.integers(0, len(text))
    pairs = draw(st.lists(st.tuples(edges, edges), max_size=4))
    spans = {Span(min(p), max(p), draw(st.sampled_from(labels))) for p in pairs if p[0] != p[1]}
    kept: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, span.end, span.label)):
        if overlap or not kept or kept[-1].end <= span.start:
            kept.append(span)
    return tuple(kept)


@st.composite
def annotations_of(
    draw: st.DrawFn, text: str, kind: Kind, labels: Sequence[str], *, annotator: str | None = None
) -> RecordAnnotation:
    """One annotation of a document, never a skipped one."""
    if kind == "spans":
        return RecordAnnotation(annotator, spans=draw(spans_of(text, labels)))
    at_most = 1 if kind == "single" else len(labels)
    chosen = st.lists(st.sampled_from(labels), min_size=kind == "single", max_size=at_most, unique=True)
    return RecordAnnotation(annotator, labels=tuple(draw(chosen)))


@st.composite
def predictions_of(draw: st.DrawFn, text: str, kind: Kind, labels: Sequence[str]) -> RecordPrediction:
    if kind == "spans":
        return RecordPrediction("ner", "2", spans=draw(spans_of(text, labels)))
    return RecordPrediction("cls", "1", {draw(st.sampled_from(labels)): draw(SCORES)})


@st.composite
def datasets(
    draw: st.DrawFn,
    kind: Kind,
    *,
    of_annotators: bool = False,
    with_metadata: bool = False,
    with_predictions: bool = False,
    texts: st.SearchStrategy[str] = TEXTS,
    labels: Callable[[], st.SearchStrategy[list[str]]] = class_names,
) -> tuple[ProjectOutline, list[Record]]:
    """A project and its documents, as a writer takes them.

    of_annotators : several named annotations of each document; else one without a name, or none
    """
    names = draw(labels())
    records = []
    for line, external_id in enumerate(draw(st.lists(IDS, max_size=5, unique_by=str.casefold)), 1):
        text = draw(texts)
        answer = draw(st.none() | annotations_of(text, kind, names))
        people = draw(st.lists(ANNOTATORS, max_size=3, unique=True)) if of_annotators else []
        models = draw(st.lists(predictions_of(text, kind, names), max_size=1)) if with_predictions else []
        records.append(
            Record(
                line,
                text,
                external_id,
                draw(METADATA) if with_metadata else {},
                None if of_annotators or answer is None else answer.labels,
                None if of_annotators or answer is None else answer.spans,
                draw(st.sampled_from(["pool", "test"])),
                annotations=tuple(draw(annotations_of(text, kind, names, annotator=each)) for each in people),
                predictions=tuple(models),
            )
        )
    classes = tuple(OutlineClass(name) for name in names)
    return ProjectOutline("Review Queue", "mails", kind, classes=classes), records


def _is_refused(name: str) -> bool:
    """Whether a project cannot have a class of this name, or no character could be assigned to it."""
    return invisible_character(name) is not None or any(unicodedata.category(c) == "Cn" for c in name)
