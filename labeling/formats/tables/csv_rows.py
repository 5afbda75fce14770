"""CSV reader: documents row by row, whatever is in a file, with memory that does not grow."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterable, Iterator

from labeling.formats import strict_json
from labeling.formats.fields import (
    SEPARATORS,
    WITHOUT_ID,
    WITHOUT_LABEL,
    OptionalFields,
    check_id,
    check_label,
    check_spans,
    check_split,
    check_text,
    split_labels,
)
from labeling.formats.records import (
    BadRow,
    Json,
    Record,
    RowProblem,
    Span,
    UnreadableFile,
    bad_row,
    gettext_noop,
)
from labeling.formats.row_annotations import annotation_of_cells, with_annotation
from labeling.formats.streams import lines
from labeling.formats.tables.column_names import SPREADSHEET_TEXT
from labeling.formats.tables.csv_columns import (
    ANNOTATION_PREFIX,
    METADATA_PREFIX,
    ColumnChoice,
    fit,
    header_names,
    numbered_names,
)
from labeling.formats.tables.dialects import Dialect, row_reader, separator_of

MAX_ROW_BYTES = 4 * 1024 * 1024  # a text of the greatest length, or a million tiny cells in 80 MB
REREAD_BYTES = 4 * MAX_ROW_BYTES  # after quotes that are never closed; keeps the work linear
LABEL_SEPARATOR = SEPARATORS[0]  # in our export
FORMULA_STARTS = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "\uff1d",
    "\uff0b",
    "\uff0d",
    "\uff20",
)  # and their full-width forms
_ESCAPED_STARTS = ("'", *FORMULA_STARTS)

csv.field_size_limit(MAX_ROW_BYTES)  # of the whole process; the rows' own limit below comes first


def read_csv(chunks: Iterable[bytes], dialect: Dialect, choice: ColumnChoice) -> Iterator[Record | BadRow]:
    r"""Records of a table. Empty cells of metadata are left out, and cut off last cells are empty.

    Raises UnreadableFile when the header cannot be read or lacks a chosen column.

    >>> list(read_csv([b"id,text,stars\n7,Hi,4\n"], Dialect(), ColumnChoice("text", "id")))
    [Record(line=2, text='Hi', external_id='7', metadata={'stars': '4'}, labels=None, spans=None, split=None)]
    """
    feed = _Feed(lines(chunks, MAX_ROW_BYTES))
    rows = row_reader(feed, dialect.delimiter, is_quoted=dialect.is_quoted)
    names = _header(rows) if dialect.has_header else numbered_names(dialect.column_count)
    to_record = _record_maker(names, choice)
    while True:
        feed.start_row()
        try:
            row = next(rows)
            if not row:
                continue  # a blank line
            fitted = row if len(row) == len(names) else fit(row, len(names))
            if fitted is None:
                raise RowProblem(
                    gettext_noop("The row has %(cells)d cells, but the file has %(columns)d columns."),
                    cells=len(row),
                    columns=len(names),
                )
            yield to_record(fitted, feed.first_line)
        except StopIteration:
            return
        except csv.Error as error:
            yield bad_row(feed.first_line, _quoting_problem(error), feed.row_start)
            feed.reread()
        except RowProblem as problem:
            raw = feed.row_start if feed.is_broken else feed.row
            yield bad_row(feed.first_line, problem, feed.row_start, raw)
            if feed.is_broken:
                feed.reread()


class _Feed:
    """Lines for the CSV parser; knows where the present row began and refuses one that does not end."""

    def __init__(self, source: Iterator[bytes]) -> None:
        self._source = source
        self._again: deque[bytes] = deque()
        self._taken: list[bytes] = []
        self._bytes = 0
        self._reread_bytes = 0
        self._number = 0
        self.first_line = 1
        self._skip_separator_line()
        self.is_broken = False  # the row ended because of its bytes, not of its values

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._source)
        self._number += 1
        self._taken.append(line)
        self._bytes += len(line)
        self.is_broken = True
        if self._bytes > MAX_ROW_BYTES:
            raise RowProblem(
                gettext_noop("The row is longer than %(limit)d bytes. Check for a quote that is not closed."),
                limit=MAX_ROW_BYTES,
            )
        text = strict_json.decode(line)
        if "\0" in text:
            strict_json.check_storable(text)
        self.is_broken = False
        return text + "\n"

    @property
    def row_start(self) -> bytes:
        return self._taken[0] if self._taken else b""

    @property
    def row(self) -> bytes:
        return b"\n".join(self._taken)

    def start_row(self) -> None:
        self._taken.clear()
        self._bytes = 0
        self.first_line = self._number + 1

    def _skip_separator_line(self) -> None:
        """Pass over a first line such as sep=; that tells spreadsheets the delimiter."""
        first = next(self._source, None)
        if first is None:
            return
        if separator_of(first.decode(errors="replace")):
            self._number = 1
        else:
            self._again.append(first)

    def reread(self) -> None:
        """Go back to the line after the one where the broken row began: a stray quote costs one row."""
        later = self._taken[1:]
        self._reread_bytes += sum(map(len, later)) + len(later)
        if self._reread_bytes <= REREAD_BYTES:
            self._again.extendleft(reversed(later))
            self._number -= len(later)


def _header(rows: Iterator[list[str]]) -> tuple[str, ...]:
    try:
        return header_names(next(rows, []))
    except csv.Error as error:
        problem: RowProblem = _quoting_problem(error)
    except RowProblem as found:
        problem = found
    raise UnreadableFile(gettext_noop("The first row is not valid CSV. %(reason)s"), reason=str(problem))


def _record_maker(names: tuple[str, ...], choice: ColumnChoice) -> Callable[[list[str], int], Record]:
    """How a row of this file becomes a record."""
    at = _places(names, choice)
    text_at, id_at, label_at = at["text"], at.get("id"), at.get("label")
    labels_at, spans_at, split_at = at.get("labels"), at.get("spans"), at.get("split")
    others = tuple(
        (name.removeprefix(METADATA_PREFIX), index)
        for index, name in enumerate(names)
        if index not in at.values() and not name.startswith(ANNOTATION_PREFIX) and not choice.leaves_out(name)
    )
    described = {
        name.removeprefix(ANNOTATION_PREFIX): index
        for index, name in enumerate(names)
        if name.startswith(ANNOTATION_PREFIX) and index not in at.values()
    }
    is_escaped = choice.text == SPREADSHEET_TEXT

    def to_record(row: list[str], line: int) -> Record:
        if is_escaped:
            row = [unescaped(cell) for cell in row]
        text = check_text(row[text_at])
        metadata: dict[str, Json] = {name: row[index] for name, index in others if row[index]}
        labels: tuple[str, ...] | None = None
        spans = None
        optional = OptionalFields()
        if label_at is not None and row[label_at].strip():
            labels = optional.read(WITHOUT_LABEL, _label, row[label_at])
        elif labels_at is not None and row[labels_at].strip():
            labels = optional.read(WITHOUT_LABEL, split_labels, row[labels_at], choice.separator)
        if spans_at is not None and row[spans_at].strip():
            spans = optional.read(WITHOUT_LABEL, _spans, row[spans_at], text)
        external_id = None if id_at is None else optional.read(WITHOUT_ID, check_id, row[id_at])
        split = None if split_at is None else check_split(row[split_at])
        record = Record(line, text, external_id, metadata, labels, spans, split, tuple(optional.problems))
        cells = {name: row[index] for name, index in described.items()}
        return with_annotation(record, annotation_of_cells(cells)) if any(cells.values()) else record

    return to_record


def _places(names: tuple[str, ...], choice: ColumnChoice) -> dict[str, int]:
    """Where the chosen columns are."""
    columns: dict[str, int] = {}
    for field, name in choice.roles.items():
        if name not in names:
            raise UnreadableFile(
                gettext_noop('There is no column "%(name)s". Choose one of: %(names)s.'),
                name=name[:50],
                names=", ".join(names)[:200],
            )
        columns[field] = names.index(name)
    return columns


def unescaped(cell: str) -> str:
    """Undo what the export for spreadsheets did to a cell that would run as a formula.

    >>> unescaped("'=1+1"), unescaped("''quoted"), unescaped("'tis")
    ('=1+1', "'quoted", "'tis")
    """
    return cell[1:] if cell.startswith("'") and needs_escape(cell[1:]) else cell


def needs_escape(cell: str) -> bool:
    """Whether a spreadsheet might run the cell as a formula, or take the escape's quote for its own."""
    if cell.startswith(_ESCAPED_STARTS):
        return True
    return cell[:1].isspace() and cell.lstrip().startswith(FORMULA_STARTS)


def _label(cell: str) -> tuple[str, ...]:
    return (check_label(cell),)


def _spans(cell: str, text: str) -> tuple[Span, ...]:
    return check_spans(strict_json.loads(cell), text)


def _quoting_problem(error: csv.Error) -> RowProblem:
    detail = str(error)
    if "unexpected end" in detail:
        return RowProblem(gettext_noop("A quote in this row is never closed. Close it."))
    if "expected after" in detail:
        return RowProblem(
            gettext_noop(
                "A quoted cell has text after its closing quote. Double the quotes inside a quoted cell."
            )
        )
    if "new-line" in detail:
        return RowProblem(gettext_noop("A cell contains a carriage return. Put the cell in quotes."))
    return RowProblem(gettext_noop("The row is not valid CSV: %(detail)s."), detail=detail)
