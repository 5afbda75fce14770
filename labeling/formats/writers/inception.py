"""INCEpTION and WebAnno writer: a zip of TSV 3 files, one for each document, with final spans."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from labeling.formats.offsets import OffsetConverter
from labeling.formats.outlines import DatasetFeatures, ProjectOutline
from labeling.formats.records import BadRow, Record, RowProblem, Span, bad_row, gettext_noop
from labeling.formats.writers.final_labels import final_annotation
from labeling.formats.writers.losses import losses_beside
from labeling.formats.writers.zip_stream import MemberNames, zip_pieces

TOOL = "INCEpTION"
SUFFIX = ".zip"

BLANK_EDGE = gettext_noop("Blanks at the edges of spans are left out, because spans consist of tokens there.")
_HEADER = "#FORMAT=WebAnno TSV 3.3\n"
_LAYER = "#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value\n"
_TOKEN = re.compile(r"\w+|[^\w\s]")
_RESERVED = re.compile(r"->|[\\\[\]|_;*]")
_CONTROLS = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


@dataclass
class _Unit:
    """A token, or a part of one, with the values that it gets."""

    name: str
    start: int
    end: int
    values: list[str] = field(default_factory=list)


def losses(features: DatasetFeatures) -> list[str]:
    """All but texts and final spans."""
    sentences = [*losses_beside(["overlaps", "no_class"], features), gettext_noop("IDs become file names.")]
    if features.kind != "spans":
        sentences.append(gettext_noop("Labels of documents are left out, because only spans are written."))
    return sentences


def write(
    outline: ProjectOutline, records: Iterable[Record], on_loss: Callable[[BadRow], None]
) -> Iterator[bytes]:
    """Lines of the text are sentences, unless a span crosses them. IDs become the names of files."""
    return zip_pieces(_members(records, on_loss))


def _members(records: Iterable[Record], on_loss: Callable[[BadRow], None]) -> Iterator[tuple[str, bytes]]:
    names = MemberNames()
    for record in records:
        stem = names.add(record.external_id or str(record.line))
        annotation = final_annotation(record, on_loss)
        spans = annotation.spans if annotation else None
        yield f"{stem}.tsv", _file(record, spans, on_loss).encode()


def _file(record: Record, spans: Sequence[Span] | None, on_loss: Callable[[BadRow], None]) -> str:
    """A document without annotation has no layer; one without spans has an empty one."""
    if spans is None:
        return _HEADER + "\n" + "".join(_sentences(record.text, (), has_layer=False))
    trimmed = [trimmed for span in spans if (trimmed := _trimmed(record.text, span)) is not None]
    if trimmed != list(spans):
        on_loss(bad_row(record.line, RowProblem(BLANK_EDGE), record.text))
    return _HEADER + _LAYER + "\n" + "".join(_sentences(record.text, trimmed, has_layer=True))


def _trimmed(text: str, span: Span) -> Span | None:
    part = text[span.start : span.end]
    start = span.start + len(part) - len(part.lstrip())
    end = span.end - len(part) + len(part.rstrip())
    return Span(start, end, span.label) if start < end else None


def _sentences(text: str, spans: Sequence[Span], *, has_layer: bool) -> Iterator[str]:
    converter = OffsetConverter(text, "utf-16")
    numbers = {span: number for number, span in enumerate(spans, 1)}
    later = deque(sorted(spans, key=lambda span: span.start))
    for index, (start, end) in enumerate(_ranges(text, spans), 1):
        yield f"\n#Text={_escaped_controls(text[start:end])}\n"
        inside = []
        while later and later[0].start < end:
            inside.append(later.popleft())
        for unit in _units(text, start, end, index, inside, numbers):
            offsets = f"{converter.from_code_points(unit.start)}-{converter.from_code_points(unit.end)}"
            cells = [unit.name, offsets, text[unit.start : unit.end]]
            if has_layer:
                identifiers = "|".join("*" + value[value.rindex("[") :] for value in unit.values)
                cells += [identifiers or "_", "|".join(unit.values) or "_"]
            yield "\t".join(cells) + "\t\n"


def _ranges(text: str, spans: Sequence[Span]) -> list[tuple[int, int]]:
    """Start and end of each sentence: lines with tokens, so that only line feeds are between them."""
    ranges: list[tuple[int, int]] = []
    ordered = deque(sorted(spans, key=lambda span: span.start))
    start = covered = 0  # covered: by spans that began before this line
    for line in text.split("\n"):
        end = start + len(line)
        while ordered and ordered[0].start < start:
            covered = max(covered, ordered.popleft().end)
        if _TOKEN.search(line):
            first = ranges[-1][1] if ranges else 0
            if ranges and (covered > start or text[first:start].strip("\n")):
                ranges[-1] = (ranges[-1][0], end)
            else:
                ranges.append((start if ranges or not text[:start].strip("\n") else 0, end))
        start = end + 1
    if ranges:
        ranges[-1] = (ranges[-1][0], len(text))
    return ranges


def _units(
    text: str, start: int, end: int, sentence: int, spans: Sequence[Span], numbers: dict[Span, int]
) -> Iterator[_Unit]:
    """The tokens of a sentence, each with the parts of it that spans cut off behind it."""
    later = deque(sorted(spans, key=lambda span: span.start))
    current: list[Span] = []
    for index, token in enumerate(_TOKEN.finditer(text, start, end), 1):
        while later and later[0].start < token.end():
            current.append(later.popleft())
        current = [span for span in current if span.end > token.start()]
        whole_token = _Unit(f"{sentence}-{index}", token.start(), token.end())
        parts: dict[tuple[int, int], _Unit] = {}
        for span in current:
            edges = (max(span.start, token.start()), min(span.end, token.end()))
            unit = whole_token
            if edges != token.span():
                name = f"{whole_token.name}.{len(parts) + 1}"
                unit = parts.setdefault(edges, _Unit(name, *edges))
            unit.values.append(f"{_escaped(span.label)}[{numbers[span]}]")
        yield whole_token
        yield from parts.values()


def _escaped(value: str) -> str:
    r"""A value with its reserved characters escaped.

    >>> _escaped("B_ORG|x")
    'B\\_ORG\\|x'
    """
    return _escaped_controls(_RESERVED.sub(lambda match: "\\" + match[0], value), keeps_backslash=True)


def _escaped_controls(text: str, *, keeps_backslash: bool = False) -> str:
    text = text if keeps_backslash else text.replace("\\", "\\\\")
    return re.sub(r"[\n\r\t]", lambda match: _CONTROLS[match[0]], text)
