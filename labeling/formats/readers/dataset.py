"""Review Queue dataset reader: what our own lossless export wrote, read back as it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import cast

from labeling.formats import strict_json
from labeling.formats.bundles import Bundle
from labeling.formats.dataset_lines import COUNTED, FORMAT, FORMAT_VERSION, TOOL, LineType
from labeling.formats.fields import (
    WITHOUT_ID,
    WITHOUT_LABEL,
    OptionalFields,
    check_id,
    check_label,
    check_labels,
    check_spans,
    check_split,
    check_text,
)
from labeling.formats.json_files.jsonl import MAX_LINE_BYTES
from labeling.formats.outlines import Kind, OutlineClass, OutlineGuideline, OutlineRule, ProjectOutline
from labeling.formats.records import (
    BadRow,
    Json,
    Record,
    RecordAnnotation,
    RecordPrediction,
    RowProblem,
    Span,
    UnreadableFile,
    bad_row,
    gettext_noop,
)
from labeling.formats.streams import HEAD_BYTES, lines, unpacked_start, utf8_chunks

__all__ = ["TOOL", "outline", "read", "recognizes"]

_KINDS = ("single", "multi", "spans")


def recognizes(bundle: Bundle) -> bool:
    """One file, gzip allowed, whose first line is our header."""
    if len(bundle.names) != 1:
        return False
    try:
        with bundle.open(bundle.names[0]) as file:
            start, _ = unpacked_start(file, HEAD_BYTES)
        first = strict_json.loads(start.partition(b"\n")[0])
    except (RowProblem, UnreadableFile):
        return False
    return isinstance(first, dict) and first.get("format") == FORMAT


def read(bundle: Bundle) -> Iterator[Record | BadRow]:
    r"""Each document with its annotations and predictions, one document in memory at a time.

    An annotation or prediction that cannot be taken is a bad row, and its document is read without it.
    Raises UnreadableFile for a file that is not a dataset, is of a later version or ends early.

    >>> from labeling.formats.bundles import FilesInMemory
    >>> file = '''{"type": "header", "format": "reviewqueue-dataset", "format_version": 1}
    ... {"type": "document", "id": "7", "text": "Hi"}
    ... {"type": "annotation", "annotator": "ann", "labels": ["greeting"]}
    ... {"type": "end", "documents": 1, "annotations": 1, "predictions": 0}'''
    >>> [record] = read(FilesInMemory({"mails.jsonl": file.encode()}))
    >>> record.text, record.annotations[0].labels
    ('Hi', ('greeting',))
    """
    tally = _Tally()
    document: _Document | None = None
    for line in _typed_lines(bundle):
        if isinstance(line, BadRow):
            tally.unreadable += 1
            yield line
            continue
        tally.count(line)
        try:
            if line.type in (LineType.DOCUMENT, LineType.END):
                if document is not None:
                    yield document.complete()
                document = None
            match line.type:
                case LineType.DOCUMENT:
                    document = _Document(_record(line), [], [])
                case LineType.ANNOTATION if document is not None:
                    document.annotations.append(_annotation(line.value, document.record.text))
                case LineType.PREDICTION if document is not None:
                    document.predictions.append(_prediction(line.value, document.record.text))
        except RowProblem as problem:
            yield bad_row(line.number, problem, line.raw)
    if document is not None:
        yield document.complete()
    tally.check()


def outline(bundle: Bundle) -> ProjectOutline:
    """The project, its guideline versions and its classes, which are before the first document."""
    project = ProjectOutline(TOOL)
    guidelines: list[OutlineGuideline] = []
    classes: list[OutlineClass] = []
    losses: list[str] = []
    for line in _typed_lines(bundle):
        if isinstance(line, BadRow):
            losses.append(line.reason)
            continue
        if line.type in COUNTED:
            break
        try:
            match line.type:
                case LineType.PROJECT:
                    project = _project(line.value)
                case LineType.GUIDELINE:
                    guidelines.append(_guideline(line.value))
                case LineType.CLASS:
                    classes.append(_class(line.value))
        except RowProblem as problem:
            losses.append(str(problem))
    return replace(project, guidelines=tuple(guidelines), classes=tuple(classes), losses=tuple(losses))


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    type: LineType
    value: Mapping[str, Json]
    raw: bytes


@dataclass(slots=True)
class _Document:
    """A document whose annotations and predictions are still being read."""

    record: Record
    annotations: list[RecordAnnotation]
    predictions: list[RecordPrediction]

    def complete(self) -> Record:
        return replace(self.record, annotations=tuple(self.annotations), predictions=tuple(self.predictions))


class _Tally:
    """The lines that were read, which the end of the file has to confirm."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(COUNTED.values(), 0)
        self.unreadable = 0
        self.end: Mapping[str, Json] | None = None

    def count(self, line: _Line) -> None:
        if self.end is not None:
            raise UnreadableFile(
                gettext_noop("Line %(line)d is after the end of the dataset. Export it again."),
                line=line.number,
            )
        if line.type in COUNTED:
            self.counts[COUNTED[line.type]] += 1
        elif line.type == LineType.END:
            self.end = line.value

    def check(self) -> None:
        """Raises UnreadableFile where lines are missing."""
        if self.end is None:
            raise UnreadableFile(gettext_noop("The dataset is incomplete. Export or upload it again."))
        expected = [self.end.get(name) for name in self.counts]
        missing = sum(count for count in expected if type(count) is int) - sum(self.counts.values())
        if not 0 <= missing <= self.unreadable:
            raise UnreadableFile(
                gettext_noop("Lines of the dataset are missing: %(count)d. Export or upload it again."),
                count=missing,
            )


def _typed_lines(bundle: Bundle) -> Iterator[_Line | BadRow]:
    """The lines behind the header. Raises UnreadableFile where that is not ours, or of a later version."""
    with bundle.open(bundle.names[0]) as file:
        for number, raw in enumerate(lines(utf8_chunks(file), MAX_LINE_BYTES), 1):
            if not raw or raw.isspace():
                continue
            try:
                line = _typed_line(number, raw)
            except RowProblem as problem:
                if number == 1:
                    raise UnreadableFile(problem.message, **problem.values) from None
                yield bad_row(number, problem, raw)
                continue
            if number == 1:
                _check_header(line)
            else:
                yield line


def _typed_line(number: int, raw: bytes) -> _Line:
    if len(raw) > MAX_LINE_BYTES:
        raise RowProblem(
            gettext_noop("The line is longer than %(limit)d bytes. Split the document."), limit=MAX_LINE_BYTES
        )
    value = strict_json.loads(raw)
    name = value.get("type") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(name, str):
        raise RowProblem(gettext_noop('A line of a dataset must be an object with a "type".'))
    try:
        return _Line(number, LineType(name), value, raw)
    except ValueError:
        raise RowProblem(
            gettext_noop('Unknown type of line "%(type)s". Update Review Queue or remove the line.'),
            type=name[:50],
        ) from None


def _check_header(line: _Line) -> None:
    version = line.value.get("format_version")
    if line.type != LineType.HEADER or line.value.get("format") != FORMAT or type(version) is not int:
        raise UnreadableFile(gettext_noop("The file does not start with the header of a dataset."))
    if not 1 <= version <= FORMAT_VERSION:
        raise UnreadableFile(
            gettext_noop(
                "The dataset has format version %(version)d, and this service reads up to %(limit)d. "
                "Update Review Queue."
            ),
            version=version,
            limit=FORMAT_VERSION,
        )


def _record(line: _Line) -> Record:
    text = check_text(line.value.get("text"))
    metadata = line.value.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise RowProblem(gettext_noop('"metadata" must be an object.'))
    split, fields = check_split(line.value.get("split")), OptionalFields()
    external_id = fields.read(WITHOUT_ID, check_id, line.value.get("id"))
    labels, spans = fields.read(WITHOUT_LABEL, _labels, line.value, text) or (None, None)
    problems = tuple(fields.problems)
    return Record(line.number, text, external_id, metadata, labels, spans, split, problems)


def _annotation(value: Mapping[str, Json], text: str) -> RecordAnnotation:
    annotator, provenance = value.get("annotator"), value.get("provenance") or {}
    if annotator is not None and not isinstance(annotator, str):
        raise RowProblem(gettext_noop('"annotator" must be a name or null.'))
    if not isinstance(provenance, dict):
        raise RowProblem(gettext_noop('"provenance" must be an object.'))
    return RecordAnnotation(annotator, *_labels(value, text), provenance)


def _prediction(value: Mapping[str, Json], text: str) -> RecordPrediction:
    probabilities = value.get("probabilities") or {}
    if not isinstance(probabilities, dict):
        raise RowProblem(gettext_noop('"probabilities" must be an object.'))
    model = _string(value, "model")
    if not model:
        raise RowProblem(gettext_noop('A prediction must name its "model".'))
    return RecordPrediction(
        model,
        _string(value, "version"),
        {check_label(name): _probability(number) for name, number in probabilities.items()},
        _labels(value, text)[1],
    )


def _labels(value: Mapping[str, Json], text: str) -> tuple[tuple[str, ...] | None, tuple[Span, ...] | None]:
    labels, spans = value.get("labels"), value.get("spans")
    return (
        None if labels is None else check_labels(labels),
        None if spans is None else check_spans(spans, text),
    )


def _probability(value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise RowProblem(gettext_noop("A probability must be a number from 0 to 1."))
    return float(value)


def _project(value: Mapping[str, Json]) -> ProjectOutline:
    kind = value.get("kind")
    return ProjectOutline(
        TOOL,
        _string(value, "name"),
        cast(Kind, kind) if kind in _KINDS else None,
        _string(value, "description"),
        allows_overlapping_spans=value.get("allows_overlapping_spans") is True,
        is_complete=True,
    )


def _guideline(value: Mapping[str, Json]) -> OutlineGuideline:
    rules = value.get("rules") or []
    if not isinstance(rules, list):
        raise RowProblem(gettext_noop('"rules" must be a list.'))
    return OutlineGuideline(
        _string(value, "text"),
        _string(value, "summary"),
        _string(value, "created_at"),
        _string(value, "author"),
        _string(value, "change"),
        tuple(_rule(rule) for rule in rules if isinstance(rule, dict)),
    )


def _rule(value: Mapping[str, Json]) -> OutlineRule:
    return OutlineRule(
        check_label(value.get("class")),
        _string(value, "definition"),
        _string(value, "examples"),
        _string(value, "counter_examples"),
    )


def _class(value: Mapping[str, Json]) -> OutlineClass:
    words = value.get("seed_words") or []
    return OutlineClass(
        check_label(value.get("name")),
        _string(value, "description"),
        _string(value, "color"),
        _string(value, "shortcut"),
        value.get("is_active") is not False,
        tuple(word for word in words if isinstance(word, str)) if isinstance(words, list) else (),
    )


def _string(value: Mapping[str, Json], key: str) -> str:
    """A text that may be missing. Raises RowProblem for anything else."""
    text = value.get(key)
    if text is not None and not isinstance(text, str):
        raise RowProblem(gettext_noop('"%(key)s" must be text.'), key=key)
    return text or ""
