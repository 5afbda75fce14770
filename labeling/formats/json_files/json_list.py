"""A JSON list as a stream of its elements, with memory that does not grow with the list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from labeling.formats import strict_json
from labeling.formats.json_files.jsonl import MAX_LINE_BYTES, record_from
from labeling.formats.records import BadRow, Record, RowProblem, UnreadableFile, bad_row, gettext_noop
from labeling.formats.tables.csv_columns import ColumnChoice

MAX_OPEN_BRACKETS = 10_000  # of the reader's own memory; a row may nest far less

_BLANKS = b" \t\r\n"
_STRING_END = rb'[^"\\]*+(?:\\.[^"\\]*+)*+"'
_REST_OF_STRING = re.compile(_STRING_END, re.DOTALL)
_TOKEN = re.compile(rb'"' + _STRING_END + rb'|["\[\]{},]', re.DOTALL)  # a lone quote: its string goes on
_OPENER = {b"]": b"[", b"}": b"{"}


def read_json_list(chunks: Iterable[bytes], choice: ColumnChoice | None = None) -> Iterator[Record | BadRow]:
    r"""Records of a JSON list: of objects such as the lines of JSONL, or of texts.

    choice : which keys of the objects hold what; None for the usual ones

    Their place in the list counts as their line: a list may stand in a single one.
    Raises UnreadableFile, after the records before it, where the list breaks off.

    >>> [record.text for record in read_json_list([b'[{"text": "Hi"},\n "B', b'ye"]'])]
    ['Hi', 'Bye']
    """
    for number, raw in enumerate(elements(chunks, MAX_LINE_BYTES), 1):
        try:
            is_bare_text = raw.startswith(b'"')
            yield record_from(element_value(raw), number, None if is_bare_text else choice)
        except RowProblem as problem:
            yield bad_row(number, problem, raw)


def element_value(raw: bytes) -> object:
    """The value of one element; a bare text stands for a document with it. Raises RowProblem.

    >>> element_value(b'"Hi"')
    {'text': 'Hi'}
    """
    if len(raw) > MAX_LINE_BYTES:
        raise RowProblem(
            gettext_noop("The row is longer than %(limit)d bytes. Split the document."), limit=MAX_LINE_BYTES
        )
    value = strict_json.loads(raw)
    return {"text": value} if isinstance(value, str) else value


def elements(chunks: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    r"""The elements of a JSON list, each cut to max_bytes + 1 bytes and not checked yet.

    Raises UnreadableFile where no list begins, where it breaks off, and where something follows it.

    >>> list(elements([b'[1,\n {"a": "],"}', b']\n'], 20))
    [b'1', b'{"a": "],"}']
    """
    cutter = _Cutter(max_bytes)
    for chunk in chunks:
        if chunk:
            yield from cutter.feed(chunk)
    cutter.check_end()


class _Cutter:
    """Cuts a list at its own commas, whatever stands between them."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._open = bytearray()  # brackets that are not closed; the list's own is the first
        self._is_over = False
        self._in_string = False
        self._is_escaped = False  # the last byte of the string so far is a backslash that counts
        self._pieces: list[bytes] = []  # of the present element
        self._size = 0
        self._number = 1  # of the present element

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        start = 0 if self._open or self._is_over else self._begin(chunk)
        for end, byte in self._structure(chunk, start):
            if byte != b"," and byte not in _OPENER:
                self._enter(byte)
            elif (byte == b"," and len(self._open) == 1) or self._closes_list(byte):
                self._keep(chunk[start : end - 1])
                start = end
                element = self._cut()
                if element or not self._is_over:  # nothing in [] and behind a last comma is no element
                    yield element
            if self._is_over:
                break
        if self._open:
            self._keep(chunk[start:])
        elif chunk[start:].strip(_BLANKS):
            raise UnreadableFile(gettext_noop("There is text after the JSON list. Remove it."))

    def check_end(self) -> None:
        if not self._is_over:
            raise UnreadableFile(
                gettext_noop("The JSON list ends in the middle of row %(number)d. Export it again."),
                number=self._number,
            )

    def _begin(self, chunk: bytes) -> int:
        """Find the list's own bracket. Returns where its first element begins."""
        rest = chunk.lstrip(_BLANKS)
        if rest:
            if not rest.startswith(b"["):
                raise UnreadableFile(gettext_noop("This is not a JSON list. It must start with [."))
            self._open += b"["
        return len(chunk) - len(rest) + 1

    def _structure(self, chunk: bytes, start: int) -> Iterator[tuple[int, bytes]]:
        """(end, byte) of each bracket and comma outside of strings."""
        if self._in_string:
            begin = start + self._is_escaped
            rest = _REST_OF_STRING.match(chunk, begin)
            self._stay_in_string(chunk[begin:] if rest is None else None)
            if rest is None:
                return
            start = rest.end()
        for token in _TOKEN.finditer(chunk, start):
            text = token[0]
            if text == b'"':
                self._stay_in_string(chunk[token.end() :])
                return
            if len(text) == 1:
                yield token.end(), text

    def _stay_in_string(self, rest: bytes | None) -> None:
        """Note that a string goes on behind this rest of a chunk, or with None that it has ended."""
        self._in_string = rest is not None
        self._is_escaped = rest is not None and (len(rest) - len(rest.rstrip(b"\\"))) % 2 == 1

    def _enter(self, bracket: bytes) -> None:
        self._open += bracket
        if len(self._open) > MAX_OPEN_BRACKETS:
            raise UnreadableFile(
                gettext_noop("Row %(number)d of the JSON list is nested too deeply."), number=self._number
            )

    def _closes_list(self, bracket: bytes) -> bool:
        """Leave what this bracket closes; one that closes nothing is a mistake of its row alone."""
        index = self._open.rfind(_OPENER.get(bracket, b" "))
        if index > 0 or (index == 0 and len(self._open) == 1):
            del self._open[index:]
        self._is_over = not self._open
        return self._is_over

    def _keep(self, piece: bytes) -> None:
        if self._size <= self._max_bytes:
            self._pieces.append(piece[: self._max_bytes + 1 - self._size])
            self._size += len(self._pieces[-1])

    def _cut(self) -> bytes:
        """The element that has ended."""
        element = b"".join(self._pieces).strip(_BLANKS)
        self._pieces, self._size = [], 0
        self._number += 1
        return element
