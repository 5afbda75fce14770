"""CSV columns: their names, a few rows to look at, and a guess which of them is what."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labeling.formats.fields import SEPARATORS, guess_separator
from labeling.formats.names import normal_name
from labeling.formats.records import MAX_COLUMNS, Json, UnreadableFile, gettext_noop
from labeling.formats.streams import HEAD_BYTES, first_chunk
from labeling.formats.tables.answer_fields import answer_fields
from labeling.formats.tables.column_names import SPREADSHEET_TEXT, matching_name
from labeling.formats.tables.dialects import Dialect, parse_rows, sniff_dialect, without_separator_line

PREVIEW_ROWS = 3
PREVIEW_CHARACTERS = 200

METADATA_PREFIX = "metadata."  # heads metadata in our export
ANNOTATION_PREFIX = "annotation."  # heads who, when and how in our export
ROLES = ("text", "id", "label", "labels", "spans", "split")  # what a column can hold beside metadata

__all__ = ["ANNOTATION_PREFIX", "METADATA_PREFIX", "SPREADSHEET_TEXT", "ColumnChoice", "Columns", "columns"]


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """Names of the columns, or keys of JSON objects, that hold what; every other one becomes metadata."""

    text: str
    id: str | None = None
    label: str | None = None  # one class a row
    labels: str | None = None  # several: "late|rude", or a JSON list
    spans: str | None = None  # a JSON list of [start, end, label]
    split: str | None = None
    dialect: Dialect | None = None  # of a table; None takes the guess
    separator: str | None = None  # between several labels in one cell; None is the vertical bar
    left_out: tuple[str, ...] = ()  # columns that are not stored
    hidden: tuple[str, ...] = ()  # columns of metadata that annotators shall not see, whatever is in them
    shown: tuple[str, ...] = ()  # columns of metadata that they shall see, even where they tell the answer

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> ColumnChoice:
        """The way back from `asdict`, also for choices stored before there were all of these."""
        dialect = value.get("dialect")
        lists = {name: tuple(value.get(name, ())) for name in ("left_out", "hidden", "shown")}
        return cls(**value | lists | {"dialect": Dialect(**dialect) if dialect else None})

    def leaves_out(self, column: str) -> bool:
        """Whether a column is not stored; one of metadata may go by its field's name.

        >>> ColumnChoice("text", left_out=("channel",)).leaves_out("metadata.channel")
        True
        """
        return column in self.left_out or metadata_field(column) in self.left_out

    @property
    def roles(self) -> dict[str, str]:
        """The columns that are no metadata, by what they hold.

        >>> ColumnChoice("body", label="topic").roles
        {'text': 'body', 'label': 'topic'}
        """
        result = {role: getattr(self, role) for role in ROLES}
        return {role: name for role, name in result.items() if name is not None}


def metadata_field(column: str) -> str:
    """What the metadata of a column is called.

    >>> metadata_field("metadata.channel"), metadata_field("channel")
    ('channel', 'channel')
    """
    return column.removeprefix(METADATA_PREFIX)


@dataclass(frozen=True, slots=True)
class Columns:
    """What the column chooser shows."""

    dialect: Dialect | None  # of a table
    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]  # the first rows, their cells shortened
    guess: ColumnChoice
    hidden: frozenset[str] = frozenset()  # columns that would tell annotators the answer


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

    >>> table = columns(b"nr;comment;stars\n1;Bad, and slow;1\n2;Good;5\n")
    >>> table.dialect.delimiter, table.guess.text, table.guess.id
    (';', 'comment', None)
    """
    chunk, is_cut = first_chunk(first_bytes, encoding)
    head = head_text(chunk[:HEAD_BYTES], is_cut=is_cut or len(chunk) > HEAD_BYTES)
    dialect = sniff_dialect(
        head, delimiter=delimiter, has_header=has_header, is_quoted=is_quoted, class_names=class_names
    )
    names, rows = parse_head(head, dialect)
    guess = guess_columns(names, rows, class_names)
    cells = [dict(zip(names, row, strict=True)) for row in rows]
    return Columns(
        dialect, names, preview_rows(rows), guess, telling_columns(names, cells, guess, class_names)
    )


def preview_rows(rows: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(cell[:PREVIEW_CHARACTERS] for cell in row) for row in rows[:PREVIEW_ROWS])


def telling_columns(
    names: Sequence[str],
    rows: Sequence[Mapping[str, Json]],
    guess: ColumnChoice,
    class_names: Collection[str],
) -> frozenset[str]:
    """The columns that would tell annotators the answer if they were metadata that is shown."""
    fields = {name: metadata_field(name) for name in names}
    answer = guess.label or guess.labels
    labels = [(str(row.get(answer)),) if answer and row.get(answer) else None for row in rows]
    renamed = [{fields[name]: value for name, value in row.items() if name in fields} for row in rows]
    telling = answer_fields(renamed, class_names, labels)
    return frozenset(name for name, field in fields.items() if field in telling)


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
                "The first row is not valid CSV. If the quotes are part of the text, change "
                "the setting Quotes."
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
        raise UnreadableFile(gettext_noop("The file is empty. The first row must have the column names."))
    if len(header) > MAX_COLUMNS:
        raise UnreadableFile(
            gettext_noop("The file has more than %(limit)d columns. Remove some."), limit=MAX_COLUMNS
        )
    names = tuple(name.strip() or f"column {index}" for index, name in enumerate(header, 1))
    for number, name in enumerate(names):
        if name in names[:number]:
            raise UnreadableFile(
                gettext_noop('Two columns are named "%(name)s". Rename one of them.'), name=name[:50]
            )
        if "\0" in name or len(name) > 200:
            raise UnreadableFile(
                gettext_noop("Column %(number)d has no valid name. Give it one."), number=number + 1
            )
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
    lengths = [sum(len(row[index]) for row in rows) for index in range(len(names))]
    text = matching_name("text", names) or names[lengths.index(max(lengths))]
    identifier = matching_name("id", names)
    if identifier is not None:
        cells = [cell for row in rows if (cell := row[names.index(identifier)])]
        # Of several annotations of one document, our export has a row each.
        repeats = len(set(cells)) < len(cells) and not any(n.startswith(ANNOTATION_PREFIX) for n in names)
        identifier = None if repeats else identifier
    chosen = (matching_name(field, names) for field in ("label", "labels", "spans", "split"))
    label, labels, spans, split = (None if name == text else name for name in chosen)
    label = _holding_classes([name for name in names if name != text], names, rows, class_names) or label
    labels = None if label else labels
    answers = [row[names.index(labels or label)] for row in rows] if labels or label else []
    separator = guess_separator(answers, class_names)
    return ColumnChoice(text, identifier, label, labels, spans, split, separator=_unusual(separator))


def _unusual(separator: str | None) -> str | None:
    return None if separator == SEPARATORS[0] else separator


def _holding_classes(
    candidates: Sequence[str],
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    class_names: Collection[str],
) -> str | None:
    """The first column of which half of the full cells name classes."""
    for name in candidates:
        cells = [cell for row in rows if (cell := row[names.index(name)].strip())]
        separator = guess_separator(cells, class_names)
        if cells and sum(_names_classes(cell, separator, class_names) for cell in cells) * 2 >= len(cells):
            return name
    return None


def _names_classes(cell: str, separator: str | None, class_names: Collection[str]) -> bool:
    parts = {normal_name(part) for part in (cell.split(separator) if separator else [])} - {""}
    return normal_name(cell) in class_names or (bool(parts) and parts <= set(class_names))
