"""Which column of a CSV file is what? The delimiter, the header, a few rows to look at, and a guess."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from labeling.formats.records import MAX_COLUMNS, UnreadableFile, gettext_noop
from labeling.formats.streams import first_chunk

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_ROWS = 50
PREVIEW_ROWS = 3
PREVIEW_CHARACTERS = 200

SPREADSHEET_TEXT = "spreadsheet_text"  # heads the text in our export for spreadsheets: its cells are escaped
METADATA_PREFIX = "metadata."  # heads metadata in our export
ANNOTATION_PREFIX = "annotation."  # heads who, when and how in our export; not read back

_TEXT_NAMES = (
    "text", SPREADSHEET_TEXT, "sentence", "content", "body", "document", "message", "review", "tweet",
    "utterance", "question", "query", "comment", "description", "abstract", "summary", "title",
)  # fmt: skip
_ID_NAMES = ("id", "external_id", "document_id", "doc_id", "uuid", "guid", "key", "number", "index")
_LABEL_NAMES = ("label", "class", "category", "target", "intent", "sentiment", "topic")
_LABELS_NAMES = ("labels", "classes", "categories", "tags")


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """Names of the columns that hold what; every other column becomes metadata."""

    text: str
    id: str | None = None
    label: str | None = None  # one class a row
    labels: str | None = None  # several: "late|rude", or a JSON list
    spans: str | None = None  # a JSON list of [start, end, label]
    split: str | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """What the column chooser shows."""

    delimiter: str
    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]  # the first rows, their cells shortened
    guess: ColumnChoice


def columns(first_bytes: bytes, encoding: str = "utf-8") -> Columns:
    r"""The columns of a CSV file, from its first HEAD_BYTES or more (fewer mean the whole file).

    Raises UnreadableFile when there is no usable header.

    >>> found = columns(b"nr;comment;stars\n1;Bad, and slow;1\n2;Good;5\n")
    >>> found.delimiter, found.guess.text, found.guess.id
    (';', 'comment', None)
    """
    chunk, is_cut = first_chunk(first_bytes, encoding)
    head = head_text(chunk, is_cut=is_cut)
    delimiter = sniff_delimiter(head)
    names, rows = parse_head(head, delimiter)
    preview = tuple(tuple(cell[:PREVIEW_CHARACTERS] for cell in row) for row in rows[:PREVIEW_ROWS])
    return Columns(delimiter, names, preview, guess_columns(names, rows))


def parse_head(head: str, delimiter: str) -> tuple[tuple[str, ...], list[list[str]]]:
    """Names of the columns, and the first rows that have as many cells.

    >>> parse_head("id,text\\n1,Hi\\n2\\n", ",")
    (('id', 'text'), [['1', 'Hi']])
    """
    rows = _parse(head, delimiter)
    names = header_names(rows[0] if rows else [])
    return names, [row for row in rows[1:] if len(row) == len(names)]


def head_text(chunk: bytes, *, is_cut: bool) -> str:
    r"""The start of a file as text; when it is cut off, without its last line, unless that is the only one.

    >>> head_text(b"a,b\n1,", is_cut=True), head_text(b"a,b\n1,2", is_cut=False)
    ('a,b\n', 'a,b\n1,2')
    """
    text = chunk.decode(errors="replace")
    whole, newline, _ = text.rpartition("\n")
    return whole + newline if is_cut and newline else text


def sniff_delimiter(head: str) -> str:
    r"""The delimiter under which most rows have as many cells as the header.

    A delimiter that splits the header wins over one that does not; the first of , ; tab | wins a tie.

    >>> sniff_delimiter("a;b\n1,5;2\n"), sniff_delimiter("text\nWell, well\n")
    (';', ';')
    """

    def score(delimiter: str) -> tuple[bool, float, int]:
        rows = _parse(head, delimiter)
        width = len(rows[0]) if rows else 0
        fitting = sum(len(row) == width for row in rows[1:]) / max(len(rows) - 1, 1)
        return width > 1 and (fitting >= 0.5 or len(rows) == 1), fitting, width

    return max(DELIMITERS, key=score)


def header_names(header: Sequence[str]) -> tuple[str, ...]:
    """Checked names of the columns; a nameless one is named by its place.

    >>> header_names(["", " text "])
    ('column 1', 'text')
    """
    if not header:
        raise UnreadableFile(gettext_noop("The file is empty. Its first row must name the columns."))
    if len(header) > MAX_COLUMNS:
        raise UnreadableFile(gettext_noop("The file has more than %(limit)d columns."), limit=MAX_COLUMNS)
    names = tuple(name.strip() or f"column {place}" for place, name in enumerate(header, 1))
    for place, name in enumerate(names):
        if name in names[:place]:
            raise UnreadableFile(
                gettext_noop('Two columns are named "%(name)s". Rename one of them.'), name=name[:50]
            )
        if "\0" in name or len(name) > 200:
            raise UnreadableFile(gettext_noop("Column %(place)d has no usable name."), place=place + 1)
    return names


def guess_columns(names: Sequence[str], rows: Sequence[Sequence[str]]) -> ColumnChoice:
    """A choice for the manager to confirm: by usual names, else the longest cells are the text."""
    by_name = {name.lower().replace(" ", "_"): name for name in reversed(names)}

    def named(candidates: Sequence[str]) -> str | None:
        return next((by_name[name] for name in candidates if name in by_name), None)

    lengths = [sum(len(row[place]) for row in rows) for place in range(len(names))]
    text = named(_TEXT_NAMES) or names[lengths.index(max(lengths))]
    identifier = named(_ID_NAMES)
    if identifier is not None:
        cells = [cell for row in rows if (cell := row[names.index(identifier)])]
        identifier = None if len(set(cells)) < len(cells) else identifier
    chosen = (named(_LABEL_NAMES), named(_LABELS_NAMES), named(("spans",)), named(("split",)))
    label, labels, spans, split = (None if name == text else name for name in chosen)
    return ColumnChoice(text, identifier, label, None if label else labels, spans, split)


def _parse(head: str, delimiter: str) -> list[list[str]]:
    """The first rows that parse; one that is broken or cut off ends them."""
    rows: list[list[str]] = []
    reader = csv.reader((line + "\n" for line in head.split("\n")), delimiter=delimiter, strict=True)
    try:
        rows.extend(row for row in islice(reader, SAMPLE_ROWS + 1) if row)
    except csv.Error:
        return rows
    return rows
