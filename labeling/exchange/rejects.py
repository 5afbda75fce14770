"""Rejected rows: what of a file could not be read, as a file to mend and import again."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from labeling import formats
from labeling.exchange.sources import head_of
from labeling.formats import ColumnChoice, Format
from labeling.formats.records import BadRow, Record

MAX_REJECTS_BYTES = 64 * 1024 * 1024
SUFFIXES = {Format.CSV.value: ".csv", Format.LINES.value: ".txt"}  # of any other file: .jsonl


def suffix_of(file_format: str) -> str:
    """How the name of a file of rejected rows ends."""
    return SUFFIXES.get(file_format, ".jsonl")


def header_of(
    path: Path, filename: str, file_format: str, encoding: str, choice: ColumnChoice | None
) -> bytes:
    """The first row of a table, if it names the columns; nothing for other formats. Raises UnreadableFile."""
    if file_format != Format.CSV:
        return b""
    options: dict[str, Any] = asdict(choice.dialect) if choice and choice.dialect else {}
    options.pop("column_count", None)  # follows from the others
    columns = formats.columns(head_of(path, filename), encoding, **options)
    if columns.dialect is None or not columns.dialect.has_header:
        return b""
    text = io.StringIO()
    csv.writer(text, delimiter=columns.dialect.delimiter, lineterminator="\n").writerow(columns.names)
    return text.getvalue().encode()


def kept(
    rows: Iterator[Record | BadRow], path: Path, file_format: str, header: bytes = b""
) -> Iterator[Record | BadRow]:
    """The rows as they come, while the bad ones are written to a file; without any there is no file.

    JSON lines, lines of text and rows of a table are written as they were, and a table has its header.
    Of other formats, each row is a JSON object with line, reason and row. The file ends before
    MAX_REJECTS_BYTES. A row that could be read and not be stored, such as one with a known ID and another
    text, is not in it.
    """
    file: BinaryIO | None = None
    size = 0
    path.unlink(missing_ok=True)
    try:
        for row in rows:
            if isinstance(row, BadRow) and (content := _content(row, file_format)):
                if file is None:
                    file = path.open("wb")
                    size = file.write(header)
                if size + len(content) <= MAX_REJECTS_BYTES:
                    size += file.write(content)
            yield row
    finally:
        if file is not None:
            file.close()


def _content(row: BadRow, file_format: str) -> bytes:
    """A rejected row as it is written; empty if a longer row was not kept."""
    if file_format in (Format.CSV, Format.JSONL, Format.LINES):
        return row.raw.rstrip(b"\r\n") + b"\n" if row.raw else b""
    text = row.raw.decode(errors="replace") or row.excerpt
    return json.dumps({"line": row.line, "reason": row.reason, "row": text}).encode() + b"\n"
