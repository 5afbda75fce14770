"""What kind of file is this, and which documents does it hold? The way into this package."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from itertools import chain
from pathlib import PurePath

from labeling.formats.csv_columns import ColumnChoice, guess_columns, head_text, parse_head, sniff_delimiter
from labeling.formats.csv_rows import read_csv
from labeling.formats.jsonl import read_jsonl
from labeling.formats.plain import read_lines, read_paragraphs
from labeling.formats.records import BadRow, Record, UnreadableFile, gettext_noop
from labeling.formats.streams import HEAD_BYTES, Readable, first_chunk, utf8_chunks


class Format(Enum):
    """How documents are laid out in a file; gzip around it is no format of its own."""

    CSV = "csv"  # a header, then one document a row
    JSONL = "jsonl"  # one JSON object a line
    LINES = "lines"  # plain text, one document a line
    PARAGRAPHS = "paragraphs"  # plain text, documents separated by blank lines


_BY_SUFFIX = {
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".tab": Format.CSV,
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".jsonlines": Format.JSONL,
}


def read(
    stream: Readable, file_format: Format, *, choice: ColumnChoice | None = None, encoding: str = "utf-8"
) -> Iterator[Record | BadRow]:
    r"""The documents of a file, one by one, with memory that does not grow with the file.

    stream : binary; gzip and a byte order mark are recognised
    choice : the columns of a CSV file; None takes the guess of `columns`
    encoding : one of ENCODINGS
    Yields a BadRow for each row that cannot be taken. Raises UnreadableFile, perhaps after some records, when
    the file or the rest of it cannot be read.

    >>> import io
    >>> list(read(io.BytesIO(b"first document\n\xff\n"), Format.LINES))[1].reason
    'Byte 1 (0xFF) is not UTF-8. Save the file as UTF-8 or state its encoding.'
    """
    chunks = utf8_chunks(stream, encoding)
    match file_format:
        case Format.JSONL:
            yield from read_jsonl(chunks)
        case Format.LINES:
            yield from read_lines(chunks)
        case Format.PARAGRAPHS:
            yield from read_paragraphs(chunks)
        case Format.CSV:
            first = next(chunks, b"")
            head = head_text(first[:HEAD_BYTES], is_cut=len(first) >= HEAD_BYTES)
            delimiter = sniff_delimiter(head)
            if choice is None:
                names, rows = parse_head(head, delimiter)
                choice = guess_columns(names, rows)
            yield from read_csv(chain([first], chunks), delimiter, choice)


def sniff(first_bytes: bytes, filename: str = "") -> Format:
    r"""The format of a file, by its name if that says it, else by its content.

    first_bytes : HEAD_BYTES or more of them; fewer mean that this is the whole file
    Raises UnreadableFile for what is none of our formats (Excel, Parquet, a JSON array, an unpacked binary).

    >>> sniff(b'{"text": "Hi"}\n'), sniff(b"", "mails.tsv.gz"), sniff(b"One.\nTwo.\n", "notes.txt")
    (<Format.JSONL: 'jsonl'>, <Format.CSV: 'csv'>, <Format.LINES: 'lines'>)
    """
    chunk, is_cut = first_chunk(first_bytes)
    head = head_text(chunk, is_cut=is_cut)
    suffixes = [suffix.lower() for suffix in PurePath(filename).suffixes if suffix.lower() != ".gz"]
    suffix = suffixes[-1] if suffixes else ""
    if suffix in _BY_SUFFIX:
        return _BY_SUFFIX[suffix]
    start = head.lstrip()[:1]
    if start == "{":
        return Format.JSONL
    if start == "[" and suffix != ".txt":
        raise UnreadableFile(
            gettext_noop("This is a JSON list. Write one object a line (JSONL) and send that.")
        )
    if suffix != ".txt" and _is_table(head):
        return Format.CSV
    return Format.PARAGRAPHS if _has_paragraphs(head) else Format.LINES


def _is_table(head: str) -> bool:
    """Whether the rows agree on more than one cell, as prose does not."""
    try:
        names, rows = parse_head(head, sniff_delimiter(head))
    except UnreadableFile:
        return False
    return len(names) > 1 and bool(rows) and all(len(name) <= 50 for name in names)


def _has_paragraphs(head: str) -> bool:
    """Whether blank lines separate documents: several blocks, and most of them of more than one line."""
    blocks = [block for block in head.replace("\r\n", "\n").split("\n\n") if block.strip()]
    return len(blocks) > 1 and sum("\n" in block.strip("\n") for block in blocks) * 2 > len(blocks)
