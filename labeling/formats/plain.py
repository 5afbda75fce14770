"""Plain text reader: documents one a line, or one a paragraph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from labeling.formats import strict_json
from labeling.formats.fields import check_text
from labeling.formats.records import MAX_TEXT_CHARACTERS, BadRow, Record, RowProblem, bad_row
from labeling.formats.streams import lines

MAX_DOCUMENT_BYTES = 4 * MAX_TEXT_CHARACTERS


def read_lines(chunks: Iterable[bytes]) -> Iterator[Record | BadRow]:
    r"""One document a line; blank lines are passed over.

    >>> [record.text for record in read_lines([b"One.\r\n\nTwo.\n"])]
    ['One.', 'Two.']
    """
    for number, line in enumerate(lines(chunks, MAX_DOCUMENT_BYTES), 1):
        if line and not line.isspace():
            yield _record(line.removesuffix(b"\r"), number)


def read_paragraphs(chunks: Iterable[bytes]) -> Iterator[Record | BadRow]:
    r"""Documents between blank lines; line breaks inside are kept.

    >>> [(record.line, record.text) for record in read_paragraphs([b"One,\nstill one.\n\n\nTwo.\n"])]
    [(1, 'One,\nstill one.'), (5, 'Two.')]
    """
    paragraph: list[bytes] = []
    size = first_line = 0
    for number, line in enumerate(lines(chunks, MAX_DOCUMENT_BYTES), 1):
        if line and not line.isspace():
            first_line = first_line or number
            if size <= MAX_DOCUMENT_BYTES:  # a longer one is refused whatever follows
                paragraph.append(line.removesuffix(b"\r"))
            size += len(line) + 1
        elif paragraph:
            yield _record(b"\n".join(paragraph), first_line)
            paragraph, size, first_line = [], 0, 0
    if paragraph:
        yield _record(b"\n".join(paragraph), first_line)


def _record(raw: bytes, line: int) -> Record | BadRow:
    try:
        text = strict_json.decode(raw)
        if "\0" in text:
            strict_json.check_storable(text)
        return Record(line, check_text(text))
    except RowProblem as problem:
        return bad_row(line, problem, raw)
