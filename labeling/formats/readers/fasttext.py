"""fastText reader: one document a line, its classes before it as __label__name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from labeling.formats.bundles import Bundle
from labeling.formats.fields import WITHOUT_LABEL, OptionalFields, check_labels, check_split, check_text
from labeling.formats.heads import head_of, heads
from labeling.formats.json_files.jsonl import MAX_LINE_BYTES
from labeling.formats.outlines import ProjectOutline, outline_of
from labeling.formats.records import BadRow, Json, Record, RowProblem, bad_row, gettext_noop
from labeling.formats.streams import lines, utf8_chunks
from labeling.formats.tables.csv_columns import ColumnChoice, numbered_names
from labeling.formats.tables.csv_rows import read_csv
from labeling.formats.tables.dialects import Dialect

TOOL = "fastText"
PREFIX = "__label__"

_SUFFIXES = (".txt", ".text", ".ft", ".train", ".valid", ".test")
_SPLITS = ("train", "valid", "test")  # as files of an archive are called
_LABELED_LINE = re.compile(rf'^"?{PREFIX}', re.MULTILINE)
_QUOTED_LINE = re.compile(rf'^"{PREFIX}', re.MULTILINE)
_NO_DELIMITER = "\x1f"  # the unit separator: a line is one cell


def recognizes(bundle: Bundle) -> bool:
    """Lines that begin with a label, in one file of an archive at least."""
    if len(bundle.names) > 1 and not all(name.lower().endswith(_SUFFIXES) for name in bundle.names):
        return False
    return any(_LABELED_LINE.search(head) for _, head in heads(bundle, ""))


def read(bundle: Bundle) -> Iterator[Record | BadRow]:
    r"""One document a line. A file called train or test is a split.

    doccano encloses lines in quotes, as cells of a table, where they contain quotes or line breaks.

    >>> from labeling.formats.bundles import FilesInMemory
    >>> file = FilesInMemory({"mails.txt": b"__label__late __label__rude Where is it?\n"})
    >>> [(record.text, record.labels) for record in read(file)]
    [('Where is it?', ('late', 'rude'))]
    """
    for name in bundle.names:
        stem = PurePosixPath(name).stem.lower()
        split = check_split(stem) if len(bundle.names) > 1 and stem in _SPLITS else None
        is_quoted = _QUOTED_LINE.search(head_of(bundle, name)) is not None
        for row in _quoted_rows(bundle, name) if is_quoted else _rows(bundle, name):
            yield replace(row, split=split) if isinstance(row, Record) else row


def _rows(bundle: Bundle, name: str) -> Iterator[Record | BadRow]:
    with bundle.open(name) as file:
        for number, line in enumerate(lines(utf8_chunks(file), MAX_LINE_BYTES), 1):
            if not line.strip():
                continue
            try:
                yield _record(line, number)
            except RowProblem as problem:
                yield bad_row(number, problem, line)


def _quoted_rows(bundle: Bundle, name: str) -> Iterator[Record | BadRow]:
    """Lines of doccano: labels, a blank, the text, a blank, and the comments as __comment__text."""
    dialect = Dialect(_NO_DELIMITER, has_header=False, column_count=1)
    with bundle.open(name) as file:
        for row in read_csv(utf8_chunks(file), dialect, ColumnChoice(numbered_names(1)[0])):
            if isinstance(row, BadRow):
                yield row
                continue
            line, _, comments = row.text.partition(" __comment__")
            try:
                record = _record(line.encode(), row.line)
                text = check_text(record.text.removeprefix(" ").removesuffix(" "))
                metadata: dict[str, Json] = {"comments": comments} if comments else {}
                yield replace(record, text=text, metadata=metadata)
            except RowProblem as problem:
                yield bad_row(row.line, problem, row.text)


def outline(bundle: Bundle) -> ProjectOutline:
    return outline_of(TOOL, read(bundle), name=PurePosixPath(bundle.filename).stem)


def _record(line: bytes, number: int) -> Record:
    try:
        rest = line.removesuffix(b"\r").decode()
    except UnicodeDecodeError as error:
        raise RowProblem(
            gettext_noop("Byte %(number)d is not UTF-8. Save the file as UTF-8."), number=error.start + 1
        ) from None
    names = []
    while rest.startswith(PREFIX):
        name, _, rest = rest.partition(" ")
        names.append(name.removeprefix(PREFIX))
    fields = OptionalFields()
    labels = fields.read(WITHOUT_LABEL, check_labels, names) if names else None
    return Record(number, check_text(rest), labels=labels, problems=tuple(fields.problems))
