"""Document readers: what kind of file this is, and which documents it holds. The way into this package."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from enum import StrEnum
from itertools import chain
from pathlib import PurePath

from labeling.formats.json_files.json_list import read_json_list
from labeling.formats.json_files.jsonl import read_jsonl
from labeling.formats.plain import read_lines, read_paragraphs
from labeling.formats.records import BadRow, Record, UnreadableFile, gettext_noop
from labeling.formats.streams import HEAD_BYTES, Readable, first_chunk, utf8_chunks
from labeling.formats.tables.csv_columns import ColumnChoice, guess_columns, head_text, parse_head
from labeling.formats.tables.csv_rows import read_csv
from labeling.formats.tables.dialects import MAX_NAME_LENGTH, separator_of, sniff_dialect


class Format(StrEnum):
    """How documents are laid out in a file; gzip around it is no format of its own."""

    CSV = "csv"  # a table, one document a row, mostly below a header
    JSONL = "jsonl"  # one JSON object a line
    JSON = "json"  # a JSON list of objects or texts
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

MIN_TABLE_LINES = 5  # fewer lines of a text with commas may agree by chance
_LIST_OF_ROWS = re.compile(r"\[\s*[{\"\]]")


def read(
    stream: Readable,
    file_format: Format,
    *,
    choice: ColumnChoice | None = None,
    encoding: str = "utf-8",
    class_names: Collection[str] = (),
) -> Iterator[Record | BadRow]:
    r"""The documents of a file, one by one, with memory that does not grow with the file.

    stream : binary; gzip and a byte order mark are recognized
    choice : the columns of a table, where None takes the guess of `columns`, which heeds class_names; the
        keys of JSON objects, where None takes the usual ones; of no use elsewhere
    encoding : one of ENCODINGS
    Yields a BadRow for each row that cannot be taken. Raises UnreadableFile, perhaps after some records, when
    the file or the rest of it cannot be read.

    >>> import io
    >>> list(read(io.BytesIO(b"first document\n\xff\n"), Format.LINES))[1].reason
    'Byte 1 (0xFF) is not UTF-8. Save the file as UTF-8 or choose its encoding.'
    """
    chunks = utf8_chunks(stream, encoding)
    match file_format:
        case Format.JSONL:
            yield from read_jsonl(chunks, choice)
        case Format.JSON:
            yield from read_json_list(chunks, choice)
        case Format.LINES:
            yield from read_lines(chunks)
        case Format.PARAGRAPHS:
            yield from read_paragraphs(chunks)
        case Format.CSV:
            first = next(chunks, b"")
            head = head_text(first[:HEAD_BYTES], is_cut=len(first) >= HEAD_BYTES)
            dialect = (choice and choice.dialect) or sniff_dialect(head, class_names=class_names)
            choice = choice or guess_columns(*parse_head(head, dialect), class_names)
            yield from read_csv(chain([first], chunks), dialect, choice)


def sniff(first_bytes: bytes, filename: str = "", encoding: str = "utf-8") -> Format:
    r"""The format of a file, by its name if that says it, else by its content.

    first_bytes : HEAD_BYTES or more of them; fewer mean that this is the whole file
    encoding : as `guess_encoding` gives it
    Raises UnreadableFile for what is none of our formats (Excel, Parquet, an unpacked binary).

    >>> sniff(b'{"text": "Hi"}\n'), sniff(b"", "mails.tsv.gz"), sniff(b"One.\nTwo.\n", "notes.txt")
    (<Format.JSONL: 'jsonl'>, <Format.CSV: 'csv'>, <Format.LINES: 'lines'>)
    """
    chunk, is_cut = first_chunk(first_bytes, encoding)
    head = head_text(chunk[:HEAD_BYTES], is_cut=is_cut)
    suffixes = [suffix.lower() for suffix in PurePath(filename).suffixes if suffix.lower() != ".gz"]
    suffix = suffixes[-1] if suffixes else ""
    if suffix in _BY_SUFFIX:
        return _BY_SUFFIX[suffix]
    start = head.lstrip()
    if start.startswith("["):
        if suffix != ".txt" or _LIST_OF_ROWS.match(start):
            return Format.JSON
    elif start.startswith("{"):
        return _json_format(start)
    if _is_table(head, suffix):
        return Format.CSV
    return Format.PARAGRAPHS if _has_paragraphs(head) else Format.LINES


def _json_format(start: str) -> Format:
    """JSONL, unless the first object goes on in the next line."""
    line, newline, _ = start.partition("\n")
    if newline and line.rstrip().endswith(("{", "[", ",", ":")):
        raise UnreadableFile(
            gettext_noop(
                "This is a single JSON object. Send a JSON list of objects, or one object per line (JSONL)."
            )
        )
    return Format.JSONL


def _is_table(head: str, suffix: str) -> bool:
    """Whether the rows agree on more than one cell, as prose does not.

    Where the name says that it is text, only tabs make a table of it, or cells that recur as answers do.
    """
    dialect = sniff_dialect(head)
    try:
        names, rows = parse_head(head, dialect)
    except UnreadableFile:
        return False
    if len(names) < 2 or not rows or any(len(name) > MAX_NAME_LENGTH for name in names):
        return False
    if suffix != ".txt" or separator_of(head.partition("\n")[0]):
        return True
    lines = [line for line in head.split("\n") if line.strip()]
    agreeing = sum(line.count(dialect.delimiter) == len(names) - 1 for line in lines) / len(lines)
    if dialect.delimiter == "\t":
        return agreeing >= 0.5
    return agreeing == 1 and len(lines) >= MIN_TABLE_LINES and any(map(_recurs, zip(*rows, strict=True)))


def _recurs(cells: Sequence[str]) -> bool:
    """Whether a column holds few short values again and again."""
    return len(set(cells)) * 2 <= len(cells) and max(map(len, cells)) <= MAX_NAME_LENGTH


def _has_paragraphs(head: str) -> bool:
    """Whether blank lines separate documents: several blocks, and most of them of more than one line."""
    blocks = [block for block in head.replace("\r\n", "\n").split("\n\n") if block.strip()]
    return len(blocks) > 1 and sum("\n" in block.strip("\n") for block in blocks) * 2 > len(blocks)
