"""Excel workbooks (.xlsx, .xlsm) as JSON lines: one object a row, by the names in the first row."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from itertools import chain, islice
from typing import Any, BinaryIO

from labeling.formats import strict_json
from labeling.formats.bundles import Bundle
from labeling.formats.converters.binary_files import damage_is, head, seekable
from labeling.formats.converters.json_rows import json_pieces, json_value, metadata_object
from labeling.formats.extras import load
from labeling.formats.records import MAX_COLUMNS, Json, RowProblem, UnreadableFile, gettext_noop
from labeling.formats.streams import GZIP_GRACE_BYTES, MAX_GZIP_RATIO
from labeling.formats.tables.csv_columns import header_names, numbered_names
from labeling.formats.tables.dialects import looks_like_header

TOOL = "Excel"
EXTRA = "exchange"

MAX_ROWS = 1_048_576  # of a sheet, by Excel itself
MAX_SHARED_BYTES = 512 * 1024 * 1024  # of texts that the file keeps once for all cells: they fill the memory
HEADER_ROWS = 50  # which show whether the first one is a header
DAMAGED = gettext_noop("The Excel file is damaged. Save it again.")

_ZIP = b"PK\x03\x04"
_SUFFIXES = (".xlsx", ".xlsm")
_SHARED = "xl/sharedStrings.xml"
_ERRORS = frozenset({"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"})
_LISTS = frozenset({"labels", "spans"})
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")


def recognizes(bundle: Bundle) -> bool:
    """One workbook, by its first bytes; the bundle of an archive is told from it by its files.

    >>> from labeling.formats.bundles import FilesInMemory
    >>> recognizes(FilesInMemory({"mails.xlsx": b"PK\\x03\\x04..."}))
    True
    """
    name = bundle.names[0]
    is_single = len(bundle.names) == 1 and (name == bundle.filename or name.lower().endswith(_SUFFIXES))
    return is_single and head(bundle, name, 4) == _ZIP


def json_lines(bundle: Bundle) -> Iterator[bytes]:
    """The rows of the first sheet that has any, in pieces of about 64 KiB.

    The first row names the columns, unless it looks like all others. A formula counts as the value that Excel
    last computed, and an error in a cell as an empty one. Raises UnreadableFile.
    """
    with damage_is(DAMAGED), _sheets(bundle) as sheets:
        yield from json_pieces(_objects(next((rows for _, rows in _with_rows(sheets)), iter(()))))


def losses(bundle: Bundle) -> list[str]:
    """The sheets that are passed over, a sentence each. Raises UnreadableFile."""
    with damage_is(DAMAGED), _sheets(bundle) as sheets:
        names = [name for name, _ in _with_rows(sheets)]
        return [f'The sheet "{name}" is not read: only the first one with rows is.' for name in names[1:]]


@contextmanager
def _sheets(bundle: Bundle) -> Iterator[list[Any]]:
    openpyxl = load("openpyxl", EXTRA)
    warnings.filterwarnings("ignore", category=UserWarning, module="openpyxl")  # of styles and the like
    with seekable(bundle, bundle.names[0]) as file:
        _check_size(file)
        with closing(openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)) as book:
            yield book.worksheets


def _check_size(file: BinaryIO) -> None:
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        size, packed = sum(m.file_size for m in members), sum(m.compress_size for m in members)
        shared = sum(m.file_size for m in members if m.filename == _SHARED)
    file.seek(0)
    if size > max(GZIP_GRACE_BYTES, MAX_GZIP_RATIO * packed) or shared > MAX_SHARED_BYTES:
        raise UnreadableFile(gettext_noop("The Excel file is too large. Save it as CSV and upload that."))


def _with_rows(sheets: Iterable[Any]) -> Iterator[tuple[str, Iterator[Sequence[object]]]]:
    """Name and rows of each sheet that has any."""
    for sheet in sheets:
        sheet.reset_dimensions()  # other programs than Excel write wrong ones
        rows = _filled(sheet.iter_rows(values_only=True))
        if (first := next(rows, None)) is not None:
            yield sheet.title, chain([first], rows)


def _filled(rows: Iterable[Sequence[object]]) -> Iterator[Sequence[object]]:
    for number, row in enumerate(rows):
        if number == MAX_ROWS:
            raise UnreadableFile(DAMAGED)
        if any(cell is not None and cell != "" for cell in row):
            yield row


def _objects(rows: Iterator[Sequence[object]]) -> Iterator[dict[str, Json]]:
    start = [[_value(cell) for cell in row] for row in islice(rows, HEADER_ROWS)]
    width = max(map(_width, start), default=0)
    cells = [["" if cell is None else str(cell) for cell in row] + [""] * (width - len(row)) for row in start]
    if not cells or looks_like_header([row[:width] for row in cells]):
        names = header_names(cells.pop(0)[:width] if cells else [])
        del start[:1]
    else:
        names = numbered_names(width)
    for row in chain(start, ([_value(cell) for cell in row] for row in rows)):
        yield _object(names, row)


def _object(names: Sequence[str], row: list[Json]) -> dict[str, Json]:
    """The cells by their columns, empty ones too; those beyond the header get numbers."""
    value: dict[str, Json] = dict.fromkeys(names) | dict(zip(names, row, strict=False))
    for index in range(len(names), min(_width(row), MAX_COLUMNS)):
        value[f"column {index + 1}"] = row[index]
    if "metadata" in value:
        value["metadata"] = metadata_object(value["metadata"])
    for name in _LISTS & value.keys():
        value[name] = _list(value[name])
    return value


def _list(cell: Json) -> Json:
    """The list that our own export writes as JSON into one cell; other cells as they are.

    >>> _list('["late", "rude"]'), _list("late|rude")
    (['late', 'rude'], 'late|rude')
    """
    if isinstance(cell, str) and cell.startswith("["):
        with suppress(RowProblem):
            return strict_json.loads(cell)
    return cell


def _width(row: Sequence[object]) -> int:
    return max((index for index, cell in enumerate(row, 1) if cell is not None and cell != ""), default=0)


def _value(cell: object) -> Json:
    if isinstance(cell, str):
        if "_x" in cell:  # how Excel writes the characters that XML cannot hold
            cell = _ESCAPE.sub(_character, cell)
        return None if cell in _ERRORS else cell
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return int(cell)
    return json_value(cell)


def _character(escape: re.Match[str]) -> str:
    character = chr(int(escape[1], 16))
    return escape[0] if "\ud800" <= character <= "\udfff" else character
