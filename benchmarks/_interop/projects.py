"""Small projects with hostile texts, one of each kind, as every tool gets them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from labeling.formats.outlines import Kind, OutlineClass, OutlineGuideline, ProjectOutline
from labeling.formats.records import Json, Record, RecordAnnotation, RecordPrediction, Span

ANN, BOB = "ann@example.org", "bob@example.org"
CLASSES = ("Bug", "Großes Lob", 'A, "quoted" & <odd>', "🙂 emoji", "x#y")
SPAN_CLASSES = ("PER", "ORG", "Ort 🌍")
TEXTS = {
    "plain": "Ann Lee of Acme said that the app is slow but fair.",
    "combining": "🙂🙂 Zoe\u0308 bought 3 items in São Paulo.",
    "lines": "Line one\r\nLine two of Acme\r\n",
    "quotes": "She said \"no\", then 'yes'; a,b;c\td \\ Acme",
    "formula": "=1+1 is a formula, Ann Lee",
    "flags": "👩\u200d👩\u200d👧 family 🇩🇪 flag: Müller AG\u2028after a separator",
    "unlabeled": "Unlabeled text — nobody answered",
    "skipped": "Ann skipped this, Bob did not: Acme",
    "none": "Nothing applies here.",
    "padded": "  padded text of Acme  ",
    "predicted": "Predicted only: São Paulo 🚀",
    "markup": "<b>html</b> &amp; entities of Acme",
}
IN_TEST_SET = {"quotes", "markup"}
METADATA: Mapping[str, dict[str, Json]] = {
    "plain": {"channel": "mail", "stars": 4},
    "combining": {"channel": 'a,b"c', "nested": {"k": [1, None, True]}},
}
SKIP = RecordAnnotation(ANN, provenance={"is_skipped": True})
SINGLE: Mapping[str, Mapping[str, str]] = {
    "plain": {ANN: "Bug", BOB: "Großes Lob"},
    "combining": {ANN: "🙂 emoji"},
    "lines": {ANN: 'A, "quoted" & <odd>', BOB: 'A, "quoted" & <odd>'},
    "quotes": {BOB: "Bug"},
    "formula": {ANN: "x#y"},
    "flags": {ANN: "Bug"},
    "skipped": {BOB: "Bug"},
    "padded": {ANN: "Bug"},
    "markup": {BOB: 'A, "quoted" & <odd>'},
}
MULTI: Mapping[str, Mapping[str, Sequence[str]]] = {
    "plain": {ANN: ["Bug", "Großes Lob"], BOB: ["Bug"]},
    "combining": {ANN: ["🙂 emoji", "x#y"]},
    "lines": {ANN: ['A, "quoted" & <odd>'], BOB: ['A, "quoted" & <odd>', "Bug"]},
    "flags": {ANN: ["Bug", 'A, "quoted" & <odd>']},
    "skipped": {BOB: ["Bug"]},
    "none": {ANN: [], BOB: []},
    "padded": {ANN: ["Bug"]},
    "markup": {BOB: ["Großes Lob"]},
}
SPANS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "plain": {ANN: {"Ann Lee": "PER", "Acme": "ORG"}, BOB: {"Ann": "PER", "Acme": "ORG"}},
    "combining": {ANN: {"Zoe\u0308": "PER", "São Paulo": "Ort 🌍"}},
    "lines": {ANN: {"Acme": "ORG"}, BOB: {"Line two of Acme": "ORG"}},
    "quotes": {BOB: {'"no"': "PER", "Acme": "ORG"}},
    "formula": {ANN: {"=1+1": "ORG", "Ann Lee": "PER"}},
    "flags": {ANN: {"Müller AG": "ORG", "🇩🇪": "Ort 🌍"}},
    "skipped": {BOB: {"Ann": "PER", "Bob": "PER", "Acme": "ORG"}},
    "none": {ANN: {}},
    "padded": {ANN: {"Acme": "ORG"}},
    "markup": {BOB: {"html": "ORG", "Acme": "ORG"}},  # "html" is no token of spaCy's
}
OVERLAPPING = {"plain": {ANN: {"Ann Lee of Acme": "ORG", "Ann Lee": "PER", "Lee of": "PER"}}}
GUIDELINE = "# Rules\n\nLabel **bugs** & praise."

Project = tuple[ProjectOutline, list[Record]]


def projects() -> dict[str, Project]:
    """The outline and the records by the name of the project.

    Where annotators disagree, the annotation of the second is the final one.
    """
    single = {
        key: {who: RecordAnnotation(who, labels=(label,)) for who, label in answers.items()}
        for key, answers in SINGLE.items()
    }
    multi = {
        key: {who: RecordAnnotation(who, labels=tuple(labels)) for who, labels in answers.items()}
        for key, answers in MULTI.items()
    }
    return {
        "single": _project("single", single),
        "multi": _project("multi", multi),
        "spans": _project("spans", _spans(SPANS)),
        "overlapping": _project("spans", _spans(OVERLAPPING), overlaps=True),
    }


def spans_of(text: str, parts: Mapping[str, str]) -> tuple[Span, ...]:
    """The spans of the first occurrence of each part, in order.

    >>> spans_of("🙂 Ann", {"Ann": "PER"})
    (Span(start=2, end=5, label='PER'),)
    """
    starts = [(text.index(part), part, label) for part, label in parts.items()]
    return tuple(Span(start, start + len(part), label) for start, part, label in sorted(starts))


def _spans(
    answers: Mapping[str, Mapping[str, Mapping[str, str]]],
) -> dict[str, dict[str, RecordAnnotation]]:
    return {
        key: {who: RecordAnnotation(who, spans=spans_of(TEXTS[key], parts)) for who, parts in by.items()}
        for key, by in answers.items()
    }


def _project(
    kind: Kind, answers: Mapping[str, Mapping[str, RecordAnnotation]], *, overlaps: bool = False
) -> Project:
    names = SPAN_CLASSES if kind == "spans" else CLASSES
    outline = ProjectOutline(
        "Review Queue",
        f"Interop: {kind}" + " that overlap" * overlaps,
        kind,
        "Mails & notes",
        tuple(OutlineClass(name) for name in names),
        (OutlineGuideline(GUIDELINE),),
        allows_overlapping_spans=overlaps,
    )
    return outline, [
        _record(line, key, kind, list(answers.get(key, {}).values())) for line, key in enumerate(TEXTS, 1)
    ]


def _record(line: int, key: str, kind: Kind, annotations: list[RecordAnnotation]) -> Record:
    if len(annotations) > 1 and len({a.labels or a.spans for a in annotations}) > 1:
        annotations[1] = replace(annotations[1], provenance={"resolution": "adjudicated"})
    if key == "skipped" and annotations:
        annotations = [SKIP, *annotations]
    annotations = [replace(a, provenance={**a.provenance, "seconds": 3.25}) for a in annotations]
    predictions: tuple[RecordPrediction, ...] = ()
    if key == "predicted":
        spans = spans_of(TEXTS[key], {"São Paulo": "Ort 🌍"})
        predictions = (
            RecordPrediction("m1", spans=spans)
            if kind == "spans"
            else RecordPrediction("m1", probabilities={"Bug": 0.75}),
        )
    return Record(
        line,
        TEXTS[key],
        key,
        dict(METADATA.get(key, {})),
        split="test" if key in IN_TEST_SET else "pool",
        annotations=tuple(annotations),
        predictions=predictions,
    )
