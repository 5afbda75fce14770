"""Excel writer: a row a document, in constant memory. No cell is ever run as a formula."""

from __future__ import annotations

import json
import re
import tempfile
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from labeling.formats.extras import load
from labeling.formats.outlines import DatasetFeatures, Kind, ProjectOutline
from labeling.formats.records import BadRow, Record, RowProblem, bad_row, gettext_noop
from labeling.formats.writers.table_rows import TableRow, table_losses, table_row
from labeling.formats.writers.zip_stream import PIECE_BYTES

TOOL = "Excel"
SUFFIX = ".xlsx"
EXTRA = "exchange"

MAX_ROWS = 1_048_576  # of a sheet, the header's included
MAX_CELL_CHARACTERS = 32_767  # code units of UTF-16, as Excel counts; the library counts escapes too
TOO_LONG = gettext_noop(
    "The text is longer than the %(limit)d characters of an Excel cell. Its end is left out."
)
LONG_TEXTS = gettext_noop("Of a text with more than 32,767 characters the end is left out.")

_ANSWERS: dict[Kind, str] = {"single": "label", "multi": "labels", "spans": "spans"}
# What XML cannot hold, or reads as something else; and what looks like an escape already.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def losses(features: DatasetFeatures) -> list[str]:
    return [*table_losses(features), LONG_TEXTS]


def write(
    outline: ProjectOutline, records: Iterable[Record], on_loss: Callable[[BadRow], None]
) -> Iterator[bytes]:
    """The workbook, from a temporary file: its parts are packed at the end.

    Raises UnreadableFile where the package is not installed.
    """
    kind: Kind = outline.kind or "single"
    openpyxl = load("openpyxl", EXTRA)
    book = openpyxl.Workbook(write_only=True)
    header = ["id", "text", _ANSWERS[kind], "split", "metadata"]
    sheet: Any = None
    row_count = MAX_ROWS
    for record in records:
        if row_count == MAX_ROWS:
            sheet, row_count = book.create_sheet(), 1
            sheet.append(header)
        row = table_row(record, kind, on_loss)
        sheet.append([_cell(openpyxl, sheet, value, record, on_loss) for value in _values(row, kind)])
        row_count += 1
    if sheet is None:
        book.create_sheet().append(header)
    with tempfile.TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        while piece := file.read(PIECE_BYTES):
            yield piece


def _values(row: TableRow, kind: Kind) -> list[str | None]:
    answers = {
        "single": row.label,
        "multi": None if row.labels is None else _json(row.labels),
        "spans": None if row.spans is None else _json([[s.start, s.end, s.label] for s in row.spans]),
    }
    return [row.id, row.text, answers[kind], row.split, row.metadata or None]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _cell(
    openpyxl: Any, sheet: Any, value: str | None, record: Record, on_loss: Callable[[BadRow], None]
) -> Any:
    """A cell of text, whatever its text looks like."""
    if value is None:
        return None
    if _size(value) > MAX_CELL_CHARACTERS:
        on_loss(bad_row(record.line, RowProblem(TOO_LONG, limit=MAX_CELL_CHARACTERS), record.text))
        value = _fitting(value)
    cell = openpyxl.cell.WriteOnlyCell(sheet)
    cell.value = _escaped(value)
    cell.data_type = "s"  # a text that begins with = would be a formula
    return cell


def _fitting(value: str) -> str:
    end = bisect_right(range(len(value)), MAX_CELL_CHARACTERS, key=lambda size: _size(value[:size]))
    return value[: end - 1]


def _escaped(value: str) -> str:
    return _UNSAFE.sub(lambda match: f"_x{ord(match[0]):04X}_", value)


def _size(value: str) -> int:
    """Code units of UTF-16, escapes counted as they are written."""
    return len(_escaped(value).encode("utf-16-le")) // 2
