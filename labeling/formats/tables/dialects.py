"""Dialects of tables: the delimiter, what quotes mean, and whether the first row names the columns."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import median
from typing import Protocol

from labeling.formats.names import normal_name
from labeling.formats.tables.column_names import is_usual

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_ROWS = 200
MIN_WIDTH_SHARE = 0.1  # of the sampled rows have a width before it counts as the table's
SENTENCE_WORDS = 5  # a name of a column has fewer
MAX_BROKEN_ROWS = 20  # of the sample, before the rest is not looked at
MAX_NAME_LENGTH = 50  # a name of a column is not longer

_SEPARATOR_LINE = re.compile(r'"?sep=([^"\r\n])"?[ \t]*\r?')  # as Excel writes and obeys it
_NUMBER = re.compile(r"[+-]?[\d.,:/ -]*\d[\d.,:/ -]*%?")
_WRAPPED = re.compile(r'"(?:[^"]|"")*"')


class RowReader(Protocol):
    """What csv.reader returns."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...

    def __next__(self) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the rows of a table are written."""

    delimiter: str = ","
    has_header: bool = True  # the first row names the columns
    is_quoted: bool = True  # double quotes enclose a cell; else they are part of it
    column_count: int = 0  # where no header tells it


def separator_of(line: str) -> str | None:
    """The delimiter that a line such as sep=; declares, as spreadsheets obey it at the start of a file.

    >>> separator_of("sep=;"), separator_of('"sep=,"'), separator_of("sep=") is None
    (';', ',', True)
    """
    match = _SEPARATOR_LINE.fullmatch(line)
    return match[1] if match else None


def without_separator_line(head: str) -> str:
    """The start of a table behind its line sep=…, if it has one."""
    line, _, rest = head.partition("\n")
    return rest if separator_of(line) else head


def sniff_dialect(
    head: str,
    *,
    delimiter: str | None = None,
    has_header: bool | None = None,
    is_quoted: bool | None = None,
    class_names: Collection[str] = (),
) -> Dialect:
    r"""How a table is written, judged by its first rows; what the caller knows already is kept.

    class_names : of the project; a first row that holds one is no header

    >>> sniff_dialect("sep=;\nid;text\n1;Hi, you\n").delimiter
    ';'
    >>> sniff_dialect('ham\tI said "hi"\nham\t"Quoted start, no end\n')
    Dialect(delimiter='\t', has_header=False, is_quoted=False, column_count=2)
    """
    declared = separator_of(head.partition("\n")[0])
    head = without_separator_line(head)
    delimiter = delimiter or declared or sniff_delimiter(head)
    if is_quoted is None:
        is_quoted = _encloses(head, delimiter)
    rows = parse_rows(head, delimiter, is_quoted=is_quoted)
    if has_header is None:
        has_header = looks_like_header(rows, class_names)
    return Dialect(delimiter, has_header, is_quoted, 0 if has_header else _width(rows))


def sniff_delimiter(head: str) -> str:
    r"""The delimiter under which most rows have as many cells as the header, or fewer but several.

    A delimiter that splits the rows wins over one that does not; the first of , ; tab | wins a tie.

    >>> sniff_delimiter("a;b\n1,5;2\n"), sniff_delimiter("text\nWell, well\n")
    (';', ';')
    """

    def score(delimiter: str) -> tuple[bool, float, int]:
        rows, share_read = _parse(head, delimiter, is_quoted=_encloses(head, delimiter))
        width = _width(rows)
        fitting = sum(1.0 if len(row) == width else 0.9 * (1 < len(row) < width) for row in rows)
        share = share_read * fitting / max(len(rows), 1)
        return width > 1 and len(rows[0]) > 1 and share >= 0.5, share, width

    return max(DELIMITERS, key=score)


def _encloses(head: str, delimiter: str) -> bool:
    """Whether quotes enclose cells: elsewhere always, with tabs where the file shows it."""
    return delimiter != "\t" or "\t" not in head or shows_quoting(head)


def shows_quoting(head: str) -> bool:
    r"""Whether a table with tabs uses quotes to enclose cells, as most do not.

    Where all lines have as many cells, it does if its header is quoted, or if all cells that begin with a
    quote are enclosed and one of them holds a doubled quote. Where they have not, it does if enclosed cells
    with tabs or line breaks explain the difference.

    >>> shows_quoting('id\ttext\n1\t"Say ""hi"" twice"\n'), shows_quoting('id\ttext\n1\t"Hello" she said\n')
    (True, False)
    """
    if '"' not in head:
        return False
    literal = [line.rstrip("\r").split("\t") for line in head.split("\n") if line.strip()]
    if len({len(row) for row in literal}) > 1:
        rows, share_read = _parse(head, "\t", is_quoted=True)
        return share_read == 1 and len({len(row) for row in rows}) == 1 and len(rows[0]) > 1
    opening = [cell for row in literal for cell in row if cell.startswith('"')]
    if not all(map(_WRAPPED.fullmatch, opening)):
        return False
    return any('""' in cell[1:-1] for cell in opening) or all(cell.startswith('"') for cell in literal[0])


def looks_like_header(rows: Sequence[Sequence[str]], class_names: Collection[str] = ()) -> bool:
    """Whether the first row names the columns.

    >>> looks_like_header([["id", "review"], ["1", "Fine."]])
    True
    >>> looks_like_header([["ham", "See you there at eight"], ["spam", "You have won"], ["ham", "Ok"]])
    False
    """
    if not rows:
        return True
    first = [cell.strip() for cell in rows[0]]
    below = [[row[index].strip() for row in rows[1:] if index < len(row)] for index in range(len(first))]
    recurring = [bool(cell) and cell in cells for cell, cells in zip(first, below, strict=True)]
    if any(recurring) and not all(recurring):
        return False  # "ham" is an answer: it stands further down too
    if any(normal_name(cell) in class_names for cell in first):
        return False
    if any(map(is_usual, first)):
        return True
    if all(recurring):
        return False
    pairs = list(zip(first, below, strict=True))
    if any(_is_number(cell) or _is_sentence(cell) for cell in first):
        return False
    if any(_are_numbers(cells) for _, cells in pairs):
        return True
    return not any(_is_as_long(cell, cells) for cell, cells in pairs)


def parse_rows(head: str, delimiter: str, *, is_quoted: bool = True) -> list[list[str]]:
    """The first rows without broken ones; none where the very first is broken."""
    return _parse(head, delimiter, is_quoted=is_quoted)[0]


def _parse(head: str, delimiter: str, *, is_quoted: bool) -> tuple[list[list[str]], float]:
    """The first rows, and the share of rows that could be read; a last one that is cut off does not count."""
    lines = [line + "\n" for line in head.split("\n")]
    rows: list[list[str]] = []
    start = broken_count = 0
    while start < len(lines) and broken_count <= MAX_BROKEN_ROWS:
        row_start = start
        reader = row_reader(iter(lines[start:]), delimiter, is_quoted=is_quoted)
        try:
            for row in islice(reader, SAMPLE_ROWS + 1 - len(rows)):
                row_start = start + reader.line_num
                if row:
                    rows.append(row)
            break
        except csv.Error as error:
            if "unexpected end" in str(error) and rows and row_start * 2 >= len(lines):
                break
            broken_count += 1
            start = row_start + 1 if rows else len(lines)  # without its first row no table makes sense
    return rows, len(rows) / max(len(rows) + broken_count, 1)


def row_reader(lines: Iterable[str], delimiter: str, *, is_quoted: bool) -> RowReader:
    """The rows of a table. Raises csv.Error for quotes that make no sense."""
    if is_quoted:
        return csv.reader(lines, delimiter=delimiter, strict=True)
    return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE, strict=True)


def _width(rows: Sequence[Sequence[str]]) -> int:
    """Cells of a full row: the most that more than a few rows have, since last cells are often cut."""
    counts = Counter(map(len, rows))
    usual = [width for width, count in counts.items() if count >= MIN_WIDTH_SHARE * len(rows)]
    return max(usual, default=1)


def _is_number(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell))


def _are_numbers(cells: Sequence[str]) -> bool:
    full = [cell for cell in cells if cell]
    return bool(full) and sum(map(_is_number, full)) >= 0.8 * len(full)


def _is_sentence(cell: str) -> bool:
    ends = cell.endswith((".", "!", "?", "。", "\uff01", "\uff1f", "।", "؟", "…"))
    return len(cell) > MAX_NAME_LENGTH or len(cell.split()) >= SENTENCE_WORDS or (ends and len(cell) > 1)


def _is_as_long(cell: str, cells: Sequence[str]) -> bool:
    """Whether a cell is as long as the texts below it, which are longer than names."""
    lengths = [len(other) for other in cells if other]
    return bool(lengths) and median(lengths) > 20 and len(cell) * 2 >= median(lengths)
