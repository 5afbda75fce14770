"""Columns of a table: their names, a few rows to look at, and a guess which of them is what."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from labeling.formats.column_names import SPREADSHEET_TEXT, named
from labeling.formats.dialects import Dialect, parse_rows, sniff_dialect, without_separator_line
from labeling.formats.names import normal_name
from labeling.formats.records import MAX_COLUMNS, UnreadableFile, gettext_noop
from labeling.formats.streams import HEAD_BYTES, first_chunk

PREVIEW_ROWS = 3
PREVIEW_CHARACTERS = 200

METADATA_PREFIX = "metadata."  # heads metadata in our export
ANNOTATION_PREFIX = "annotation."  # heads who, when and how in our export; not read back

__all__ = ["ANNOTATION_PREFIX", "METADATA_PREFIX", "SPREADSHEET_TEXT", "ColumnChoice", "Columns", "columns"]


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """Names of the columns that hold what; every other column becomes metadata."""

    text: str
    id: str | None = None
    label: str | None = None  # one class a row
    labels: str | None = None  # several: "late|rude", or a JSON list
    spans: str | None = None  # a JSON list of [start, end, label]
    split: str | None = None
    dialect: Dialect | None = None  # of a table; None takes the guess

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> ColumnChoice:
        """The way back from `asdict`, also for choices stored before there were dialects."""
        dialect = value.get("dialect")
        return cls(**value | {"dialect": Dialect(**dialect) if dialect else None})


@dataclass(frozen=True, slots=True)
class Columns:
    """What the column chooser shows."""

    dialect: Dialect
    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]  # the first rows, their cells shortened
    guess: ColumnChoice


def columns(
    first_bytes: bytes,
    encoding: str = "utf-8",
    *,
    delimiter: str | None = None,
    has_header: bool | None = None,
    is_quoted: bool | None = None,
    class_names: Collection[str] = (),
) -> Columns:
    r"""The columns of a table, from its first HEAD_BYTES or more (fewer mean the whole file).

    delimiter, has_header, is_quoted : of its dialect, where the caller knows better than the guess
    class_names : of the project
    Raises UnreadableFile when there is no usable header.

    >>> found = columns(b"nr;comment;stars\n1;Bad, and slow;1\n2;Good;5\n")
    >>> found.dialect.delimiter, found.guess.text, found.guess.id
    (';', 'comment', None)
    """
    chunk, is_cut = first_chunk(first_bytes, encoding)
    head = head_text(chunk[:HEAD_BYTES], is_cut=is_cut or len(chunk) > HEAD_BYTES)
    dialect = sniff_dialect(
        head, delimiter=delimiter, has_header=has_header, is_quoted=is_quoted, class_names=class_names
    )
    names, rows = parse_head(head, dialect)
    preview = tuple(tuple(cell[:PREVIEW_CHARACTERS] for cell in row) for row in rows[:PREVIEW_ROWS])
    return Columns(dialect, names, preview, guess_columns(names, rows, class_names))


def parse_head(head: str, dialect: Dialect) -> tuple[tuple[str, ...], list[list[str]]]:
    """Names of the columns, and the first rows; cells that were cut off at the end of a row are empty.

    >>> parse_head("id,text\\n1,Hi\\n2\\n", Dialect())
    (('id', 'text'), [['1', 'Hi'], ['2', '']])
    """
    head = without_separator_line(head)
    rows = parse_rows(head, dialect.delimiter, is_quoted=dialect.is_quoted)
    if not rows and head.strip():
        raise UnreadableFile(
            gettext_noop(
                "The first row cannot be read. If quotes belong to the text, choose so under Quotes."
            )
        )
    if dialect.has_header:
        names = header_names(rows[0] if rows else [])
        del rows[:1]
    else:
        names = numbered_names(dialect.column_count)
    fitted = (fit(row, len(names)) for row in rows)
    return names, [row for row in fitted if row is not None]


def fit(row: list[str], width: int) -> list[str] | None:
    """The row with as many cells as there are columns, where only empty last cells differ.

    >>> fit(["1", "Hi"], 3), fit(["1", "Hi", ""], 2), fit(["1", "Hi", "there"], 2)
    (['1', 'Hi', ''], ['1', 'Hi'], None)
    """
    if len(row) < width:
        return row + [""] * (width - len(row))
    return None if any(row[width:]) else row[:width]


def head_text(chunk: bytes, *, is_cut: bool) -> str:
    r"""The start of a file as text; when it is cut off, without its last line, unless that is the only one.

    >>> head_text(b"a,b\n1,", is_cut=True), head_text(b"a,b\n1,2", is_cut=False)
    ('a,b\n', 'a,b\n1,2')
    """
    text = chunk.decode(errors="replace")
    whole, newline, _ = text.rpartition("\n")
    return whole + newline if is_cut and newline else text


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


def numbered_names(column_count: int) -> tuple[str, ...]:
    """Names of the columns of a table without a header.

    >>> numbered_names(2)
    ('column 1', 'column 2')
    """
    return header_names([""] * column_count)


def guess_columns(
    names: Sequence[str], rows: Sequence[Sequence[str]], class_names: Collection[str] = ()
) -> ColumnChoice:
    """A choice for the manager to confirm: by usual names, else the longest cells are the text.

    class_names : of the project, in their normal form; a column that holds them is taken for the answers,
        whatever its name

    >>> guess_columns(["a", "b"], [["spam", "You have won"], ["ham", "Good luck"]], {"ham", "spam"}).label
    'a'
    """
    lengths = [sum(len(row[place]) for row in rows) for place in range(len(names))]
    text = named("text", names) or names[lengths.index(max(lengths))]
    identifier = named("id", names)
    if identifier is not None:
        cells = [cell for row in rows if (cell := row[names.index(identifier)])]
        identifier = None if len(set(cells)) < len(cells) else identifier
    chosen = (named(field, names) for field in ("label", "labels", "spans", "split"))
    label, labels, spans, split = (None if name == text else name for name in chosen)
    label = _holding_classes([name for name in names if name != text], names, rows, class_names) or label
    return ColumnChoice(text, identifier, label, None if label else labels, spans, split)


def _holding_classes(
    candidates: Sequence[str],
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    class_names: Collection[str],
) -> str | None:
    """The first column of which half of the full cells name classes."""
    for name in candidates:
        cells = [cell for row in rows if (cell := normal_name(row[names.index(name)]))]
        if cells and sum(cell in class_names for cell in cells) * 2 >= len(cells):
            return name
    return None
