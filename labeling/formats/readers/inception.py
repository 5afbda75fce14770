"""INCEpTION and WebAnno reader: TSV 3, a file for each document and annotator, with spans of one layer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from labeling.formats.bundles import Bundle
from labeling.formats.fields import WITHOUT_LABEL, OptionalFields, check_label, check_text
from labeling.formats.heads import heads
from labeling.formats.offsets import OffsetConverter
from labeling.formats.outlines import ProjectOutline, outline_of
from labeling.formats.records import (
    MAX_TEXT_CHARACTERS,
    BadRow,
    Json,
    Record,
    RecordAnnotation,
    RowProblem,
    Span,
    bad_row,
    gettext_noop,
)
from labeling.formats.streams import lines, utf8_chunks
from labeling.formats.strict_json import check_storable, decode

TOOL = "INCEpTION"
FORMAT_LINE = "#FORMAT=WebAnno TSV 3"
MAX_LINE_BYTES = 4 * MAX_TEXT_CHARACTERS
CURATOR = "CURATION_USER"

_INITIAL = "INITIAL_CAS"  # a document as it was uploaded
_FIRST_COLUMN = 3  # of the layers: before them are the number, the offsets and the token
_NO_CLASSES = frozenset({"POS", "Lemma", "MorphologicalFeatures", "Stem", "SurfaceForm"})
_OFFSETS = re.compile(r"(\d{1,9})-(\d{1,9})")
_UNIT = re.compile(r"\d+-\d+(\.\d+)?\t")
_NUMBERED = re.compile(r"(?P<value>.*?)(?<!\\)\[(?P<number>\d{1,9})\]", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True, slots=True)
class _Layer:
    """A layer of the header, with the first of its columns."""

    name: str
    features: tuple[str, ...]
    column: int
    is_span: bool

    @property
    def short_name(self) -> str:
        return self.name.rpartition(".")[2]

    @property
    def value_column(self) -> int:
        return self.column + (self.features.index("value") if "value" in self.features else 0)


@dataclass
class _Document:
    """One file as it is read, line by line. Offsets are UTF-16 code units, as Java counts."""

    layers: list[_Layer] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    size: int = 0  # of the text so far
    sentence: list[str] = field(default_factory=list)  # its lines, until the first token tells where it is
    numbered: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)  # by value and number
    single: list[tuple[int, int, str]] = field(default_factory=list)

    @property
    def layer(self) -> _Layer | None:
        """The layer that becomes the classes: named entities, else the first with values of its own."""
        spans = [layer for layer in self.layers if layer.is_span and layer.short_name not in _NO_CLASSES]
        return max(
            spans,
            key=lambda layer: (layer.short_name == "NamedEntity", "value" in layer.features),
            default=None,
        )


def recognizes(bundle: Bundle) -> bool:
    """Files with the header of WebAnno TSV 3."""
    return bool(_file_names(bundle))


def read(bundle: Bundle) -> Iterator[Record | BadRow]:
    """A record for each file; `line` is its number among them.

    In an export of a project the folder is the document and the file its annotator. Curated documents are
    adjudicated; a document as it was uploaded is passed over.
    """
    for number, name in enumerate(_file_names(bundle), 1):
        try:
            yield _record(bundle, name, number)
        except RowProblem as problem:
            yield bad_row(number, problem, name)


def outline(bundle: Bundle) -> ProjectOutline:
    described = outline_of(TOOL, read(bundle), name=PurePosixPath(bundle.filename).stem)
    losses: dict[str, None] = {}
    for name in _file_names(bundle):
        header = _header(bundle, name)
        for layer in header.layers:
            if layer != header.layer:
                losses[f"The layer “{layer.short_name[:50]}” is left out."] = None
    return replace(described, kind="spans", losses=tuple(losses))


def _file_names(bundle: Bundle) -> list[str]:
    suffix = "" if len(bundle.names) == 1 else ".tsv"
    first = next((name for name, head in heads(bundle, suffix) if head.startswith(FORMAT_LINE)), None)
    if first is None:
        return []
    names = [name for name in bundle.names if name.lower().endswith(suffix)]
    return [name for name in names if PurePosixPath(name).stem != _INITIAL]


def _record(bundle: Bundle, name: str, number: int) -> Record:
    document = _document(bundle, name)
    text = check_text("".join(document.text))
    check_storable(text)
    external_id, annotator, provenance = _origin(name)
    record = Record(number, text, external_id[-200:])
    if document.layer is None and annotator is None:
        return record
    fields = OptionalFields()
    spans = fields.read(WITHOUT_LABEL, _spans, document, text)
    record = replace(record, problems=tuple(fields.problems))
    if spans is None:
        return record
    if annotator is None and not provenance:
        return replace(record, spans=spans)
    return replace(record, annotations=(RecordAnnotation(annotator, None, spans, provenance),))


def _origin(name: str) -> tuple[str, str | None, dict[str, Json]]:
    """The ID of the document, the annotator, and whether it was curated, all by the path of the file."""
    parts = PurePosixPath(name).parts
    stem = PurePosixPath(name).stem
    if len(parts) >= 3 and parts[-3] in ("annotation", "curation"):
        if parts[-3] == "curation" or stem == CURATOR:
            return parts[-2], None, {"resolution": "adjudicated"}
        return parts[-2], stem, {}
    return name.removesuffix(".tsv"), None, {}


def _document(bundle: Bundle, name: str) -> _Document:
    """Raises RowProblem where the file is no TSV of WebAnno, or its offsets do not fit together."""
    document = _Document()
    with bundle.open(name) as file:
        for index, raw in enumerate(lines(utf8_chunks(file), MAX_LINE_BYTES)):
            line = decode(raw.removesuffix(b"\r"))
            if index == 0 and not line.startswith(FORMAT_LINE):
                raise RowProblem(gettext_noop("This is not a file of WebAnno TSV 3. Export it again."))
            _read_line(document, line)
    return document


def _header(bundle: Bundle, name: str) -> _Document:
    """The layers alone, which come before the first sentence."""
    document = _Document()
    with bundle.open(name) as file:
        for raw in lines(utf8_chunks(file), MAX_LINE_BYTES):
            if raw.startswith(b"#Text="):
                break
            if raw.startswith(b"#T_"):
                _add_layer(document, raw.decode(errors="replace").rstrip("\r"))
    return document


def _read_line(document: _Document, line: str) -> None:
    if line.startswith("#T_"):
        _add_layer(document, line)
    elif line.startswith("#Text="):
        document.sentence.append(_unescaped(line.removeprefix("#Text=")))
    elif _UNIT.match(line):
        _read_unit(document, line.split("\t"))


def _add_layer(document: _Document, line: str) -> None:
    kind, _, rest = line.partition("=")
    name, *features = rest.split("|")
    column = _FIRST_COLUMN + sum(max(1, len(layer.features)) for layer in document.layers)
    document.layers.append(_Layer(name, tuple(features), column, kind == "#T_SP"))


def _read_unit(document: _Document, cells: list[str]) -> None:
    """A token, or a part of one."""
    offsets = _OFFSETS.fullmatch(cells[1])
    if offsets is None or len(cells) < _FIRST_COLUMN:
        raise RowProblem(gettext_noop("A token has no offsets. Export the file again."))
    start, end = int(offsets[1]), int(offsets[2])
    if document.sentence:
        _add_sentence(document, "\n".join(document.sentence), start, cells[2])
        document.sentence.clear()
    layer = document.layer
    if layer is None or len(cells) <= layer.value_column:
        return
    for value in re.split(r"(?<!\\)\|", cells[layer.value_column]):
        _add_value(document, value, start, end, layer)


def _add_sentence(document: _Document, sentence: str, start: int, token: str) -> None:
    """Put a sentence where its first token is; what is between sentences are line ends."""
    before = _units(sentence[: max(0, sentence.find(token))])
    gap = start - before - document.size
    if not 0 <= gap <= MAX_TEXT_CHARACTERS:
        raise RowProblem(gettext_noop("The offsets do not match the text. Export the file again."))
    document.text += ["\n" * gap, sentence]
    document.size += gap + _units(sentence)


def _add_value(document: _Document, cell: str, start: int, end: int, layer: _Layer) -> None:
    """One value of a token. Those with the same number are one span."""
    if cell in ("_", ""):
        return
    numbered = _NUMBERED.fullmatch(cell)
    value = numbered["value"] if numbered else cell
    label = layer.short_name if value == "*" else _unescaped(value)
    if numbered is None:
        document.single.append((start, end, label))
        return
    key = (label, numbered["number"])
    first, last = document.numbered.get(key, (start, end))
    document.numbered[key] = (min(first, start), max(last, end))


def _spans(document: _Document, text: str) -> tuple[Span, ...]:
    converter = OffsetConverter(text, "utf-16")
    joined = [(start, end, label) for (label, _), (start, end) in document.numbered.items()]
    spans = [
        Span(converter.to_code_points(start), converter.to_code_points(end), check_label(label))
        for start, end, label in [*joined, *document.single]
    ]
    return tuple(dict.fromkeys(sorted(spans, key=lambda span: (span.start, span.end, span.label))))


def _units(text: str) -> int:
    """The length in UTF-16 code units."""
    return len(text) + sum(character > "\uffff" for character in text)


def _unescaped(value: str) -> str:
    r"""A value or sentence without its escapes.

    >>> _unescaped(r"a\_b\\n"), _unescaped(r"one\ntwo")
    ('a_b\\n', 'one\ntwo')
    """
    return re.sub(r"\\(->|.)", lambda match: _ESCAPES.get(match[1], match[1]), value, flags=re.DOTALL)
